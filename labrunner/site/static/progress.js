// The reader's ticks, kept in this browser: {"labrunner": 1, "done": ["lab/step", …]}, in a file likewise.
(() => {
  const KEY = "labrunner-progress";
  const all = (selector) => [...document.querySelectorAll(selector)];

  const parsed = (text) => {
    try {
      const data = JSON.parse(text);
      const whole = data?.labrunner === 1 && Array.isArray(data.done) && data.done.every((x) => typeof x === "string");
      return whole ? new Set(data.done) : null;
    } catch {
      return null;
    }
  };
  const text = (done) => JSON.stringify({ labrunner: 1, done: [...done].sort() });

  let done = new Set();
  const read = () => {
    try {
      done = parsed(localStorage.getItem(KEY)) ?? new Set();
    } catch {
      // A browser that keeps nothing: ticks hold until the page is left.
    }
  };
  const keep = () => {
    try {
      localStorage.setItem(KEY, text(done));
    } catch {
      // As above.
    }
    show();
  };

  const show = () => {
    for (const box of all("input[data-step]")) {
      box.checked = done.has(box.dataset.step);
    }
    for (const bar of all("progress[data-steps]")) {
      const steps = bar.dataset.steps.split(" ");
      bar.value = steps.filter((step) => done.has(step)).length;
      bar.parentElement.querySelector("span").textContent = `${bar.value} of ${steps.length} steps`;
    }
  };

  const say = (words) => {
    document.querySelector(".lab-status").textContent = words;
  };
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text(done) + "\n"], { type: "application/json" }));
    link.download = "labrunner-progress.json";
    link.click();
    URL.revokeObjectURL(link.href);
    say(`Saved as ${link.download}.`);
  };
  const load = async (input) => {
    const [file] = input.files;
    const found = file ? parsed(await file.text()) : null;
    input.value = "";
    if (!found) return say("That file holds no progress of labrunner; nothing was changed.");
    done = new Set([...done, ...found]);
    keep();
    return say(`Loaded: ${done.size} steps are ticked.`);
  };
  const forget = () => {
    if (!confirm("Forget which steps are ticked in this browser?")) return;
    done = new Set();
    keep();
    say("No step is ticked now.");
  };

  for (const part of all(".lab-progress, .lab-tick, .lab-saved")) part.hidden = false;
  for (const box of all("input[data-step]")) {
    box.addEventListener("change", () => {
      if (box.checked) done.add(box.dataset.step);
      else done.delete(box.dataset.step);
      keep();
    });
  }
  const input = document.querySelector(".lab-saved input[type=file]");
  if (input) {
    const acts = { save, load: () => input.click(), forget };
    for (const button of all(".lab-saved button")) button.addEventListener("click", acts[button.dataset.act]);
    input.addEventListener("change", () => load(input));
  }
  addEventListener("storage", () => { read(); show(); }); // another tab
  read();
  show();
})();
