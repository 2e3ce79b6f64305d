// Search, sorting and highlights. The pages say everything without this.
(() => {
  const box = document.getElementById("search"), list = document.getElementById("found");
  const score = (entry, words) => {
    const name = entry[0].toLowerCase(), text = name + " " + entry[1].toLowerCase();
    if (!words.every((w) => text.includes(w))) return -1;
    const first = words[0];
    return name === first ? 4 : name.startsWith(first) ? 3 : name.includes(first) ? 2 : 1;
  };
  const search = () => {
    const words = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    list.hidden = words.length === 0;
    if (list.hidden) return;
    const hits = BOOK.map((e) => [score(e, words), e]).filter((h) => h[0] > 0);
    hits.sort((a, b) => b[0] - a[0] || a[1][0].length - b[1][0].length);
    for (const [, [name, words_, address]] of hits.slice(0, 40)) {
      const item = document.createElement("li"), link = document.createElement("a"), more = document.createElement("span");
      link.href = address; link.textContent = name; more.textContent = words_; link.append(more); item.append(link); list.append(item);
    }
    if (hits.length === 0) { const item = document.createElement("li"); item.textContent = "Nothing found"; list.append(item); }
  };
  if (box) {
    box.addEventListener("input", search);
    box.addEventListener("keydown", (e) => {
      if (e.key === "Escape") { box.value = ""; search(); }
      if (e.key === "Enter") { const first = list.querySelector("a"); if (first) first.click(); }
      if (e.key === "ArrowDown") { const first = list.querySelector("a"); if (first) { first.focus(); e.preventDefault(); } }
    });
    list.addEventListener("keydown", (e) => {
      const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement);
      if (e.key === "ArrowDown" && links[at + 1]) { links[at + 1].focus(); e.preventDefault(); }
      if (e.key === "ArrowUp") { (links[at - 1] || box).focus(); e.preventDefault(); }
    });
    list.addEventListener("click", () => { list.hidden = true; });
    document.addEventListener("keydown", (e) => { if (e.key === "/" && document.activeElement !== box) { box.focus(); e.preventDefault(); } });
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    const value = (row, i) => { const cell = row.cells[i], v = cell.dataset.v ?? cell.textContent.trim(), n = Number(v); return v !== "" && Number.isFinite(n) ? n : v.toLowerCase(); };
    heads.forEach((head, i) => {
      head.classList.add("sorts"); head.tabIndex = 0;
      const sort = () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((h) => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map((r) => [value(r, i), r]);
        rows.sort(([a], [b]) => { const c = typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1; return up ? c : -c; });
        body.append(...rows.map(([, r]) => r));
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { sort(); e.preventDefault(); } });
    });
  }
  const filter = document.getElementById("origin-filter");
  if (filter) {
    filter.hidden = false;
    const rows = [...document.querySelectorAll("table.sortable tbody tr")];
    filter.addEventListener("click", (e) => {
      const wanted = e.target.dataset.origin;
      if (wanted === undefined) return;
      filter.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === e.target)));
      rows.forEach((r) => { r.hidden = wanted !== "" && !r.querySelector(".origin." + wanted); });
    });
  }
  for (const node of document.querySelectorAll(".node")) {
    const picture = node.closest("svg"), n = node.dataset.node;
    const on = () => { picture.classList.add("busy"); picture.querySelectorAll(".from-" + n).forEach((e) => e.classList.add("out")); picture.querySelectorAll(".into-" + n).forEach((e) => e.classList.add("in")); };
    const off = () => { picture.classList.remove("busy"); picture.querySelectorAll(".edge").forEach((e) => e.classList.remove("out", "in")); };
    node.addEventListener("mouseenter", on); node.addEventListener("mouseleave", off); node.addEventListener("focus", on); node.addEventListener("blur", off);
  }
})();
