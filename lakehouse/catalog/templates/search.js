// Finds tables, columns and owners among the entries that entries.js has. No library, no request: it works from a folder.
(function () {
  "use strict";
  var input = document.getElementById("search");
  var list = document.getElementById("found");
  var base = document.body.dataset.base;
  var chosen = -1;

  function rank(entry, words) {
    var score = 0;
    for (var i = 0; i < words.length; i += 1) {
      var at = entry.name.indexOf(words[i]);
      if (at >= 0) {
        score += at === 0 ? 4 : 3;
      } else if (entry.text.indexOf(words[i]) >= 0) {
        score += 1;
      } else {
        return 0;
      }
    }
    return score * 100 - Math.min(entry.name.length, 99);
  }

  function show() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.textContent = "";
    chosen = -1;
    list.hidden = words.length === 0;
    var found = window.CATALOGUE.map(function (entry) { return { entry: entry, score: rank(entry, words) }; })
      .filter(function (one) { return one.score > 0; })
      .sort(function (a, b) { return b.score - a.score || (a.entry.name < b.entry.name ? -1 : 1); })
      .slice(0, 30);
    found.forEach(function (one) {
      var item = document.createElement("li");
      var link = document.createElement("a");
      var more = document.createElement("small");
      link.href = base + one.entry.to;
      link.textContent = one.entry.name;
      more.textContent = one.entry.shown;
      link.appendChild(more);
      item.appendChild(link);
      list.appendChild(item);
    });
    if (found.length === 0) {
      var none = document.createElement("li");
      none.className = "none";
      none.textContent = "nothing found";
      list.appendChild(none);
    }
  }

  function move(step) {
    var items = list.querySelectorAll("a");
    if (items.length === 0) { return; }
    if (chosen >= 0) { items[chosen].parentNode.className = ""; }
    chosen = (chosen + step + items.length) % items.length;
    items[chosen].parentNode.className = "chosen";
    items[chosen].scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", show);
  input.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown") { move(1); event.preventDefault(); }
    if (event.key === "ArrowUp") { move(-1); event.preventDefault(); }
    if (event.key === "Escape") { input.value = ""; show(); }
    if (event.key === "Enter") {
      var items = list.querySelectorAll("a");
      if (items.length > 0) { items[Math.max(chosen, 0)].click(); }
    }
  });
  document.addEventListener("click", function (event) {
    if (!event.target.closest(".search")) { list.hidden = true; }
  });
}());
