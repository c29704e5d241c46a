// Airflow shows the page in a frame: then its theme is taken over, and links that lead out of the page are opened in its window,
// which the frame itself may not do.
"use strict";

(function () {
  const root = document.documentElement;
  let outer = null;
  try {
    outer = window.parent !== window && window.parent.document ? window.parent : null;
  } catch {
    outer = null;
  }
  root.classList.toggle("framed", outer !== null);
  if (outer === null) {
    return;
  }

  function takeTheme() {
    const names = outer.document.documentElement.classList;
    root.dataset.theme = names.contains("dark") ? "dark" : names.contains("light") ? "light" : "";
  }
  takeTheme();
  new MutationObserver(takeTheme).observe(outer.document.documentElement, { attributes: true, attributeFilter: ["class"] });

  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[data-out]");
    if (link === null || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    const there = outer.document.createElement("a");
    there.href = link.href;
    if (link.dataset.out === "tab") {
      there.target = "_blank";
      there.rel = "noopener";
    }
    there.click();
  });
})();
