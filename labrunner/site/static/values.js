// Ports, names and IDs that are others on the reader's machine: what is written into a field is shown in the page.
(() => {
  const KEY = "labrunner-values";
  const fields = [...document.querySelectorAll(".lab-fields input")];
  if (!fields.length) return;
  document.querySelector(".lab-values").hidden = false;

  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.closest(".lab-values")) texts.push({ node, text: node.data, code: !!node.parentElement.closest("pre") });
  }
  const links = [...document.querySelectorAll(".lab-open a")].map((node) => ({ node, text: node.getAttribute("href") }));
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // The longest first: localhost:5055 before 5055. A word of its own, as labrunner/content/substitute.py has it.
  const words = fields.map((field) => field.dataset.word).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\w.-])(?:${words.map(escaped).join("|")})(?!\\w|-(?!>))`, "g");
  const of = new Map(fields.map((field) => [field.dataset.word, field]));

  const filled = (text, code) =>
    text.replace(pattern, (word) => {
      const field = of.get(word);
      return "code" in field.dataset && !code ? word : field.value.trim() || word;
    });
  const show = () => {
    for (const { node, text, code } of texts) node.data = filled(text, code);
    for (const { node, text } of links) node.setAttribute("href", filled(text, true));
  };
  const page = location.pathname.split("/").pop();
  let known = {};
  try {
    known = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // Nothing is kept, or not by us.
  }
  for (const field of fields) {
    field.value = known[page]?.[field.dataset.word] ?? field.value;
    field.addEventListener("input", () => {
      known[page] = Object.fromEntries(fields.map((each) => [each.dataset.word, each.value]));
      try {
        localStorage.setItem(KEY, JSON.stringify(known));
      } catch {
        // It holds until the page is left.
      }
      show();
    });
  }
  show();
})();
