// What is too wide for the screen is moved within its own frame; a keyboard reaches the frames where there is more to see.
(() => {
  const sizes = new ResizeObserver((changed) => {
    for (const { target } of changed) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const frame of document.querySelectorAll("article pre, article .table-wrapper")) sizes.observe(frame);
})();
