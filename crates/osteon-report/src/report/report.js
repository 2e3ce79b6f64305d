// Read-out, zoom and switching arms off. The page says everything without this.
(() => {
  document.documentElement.classList.add("scripted");
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, attributes, parent) => { const e = document.createElementNS(SVG, name); for (const k in attributes) e.setAttribute(k, attributes[k]); if (parent) parent.append(e); return e; };
  const three = (v) => { if (v === null || !Number.isFinite(v)) return "–"; if (v === 0) return "0"; const m = Math.abs(v); return m < 1e-4 || m >= 1e7 ? v.toExponential(2) : v.toFixed(Math.min(7, Math.max(0, 2 - Math.floor(Math.log10(m))))); };
  const when = (d) => { const m = Math.abs(d); const [u, n] = m >= 1461 ? [365.25, "a"] : m >= 1 || m === 0 ? [1, "d"] : m > 0.0833 ? [1 / 24, "h"] : [1 / 1440, "min"]; return (Math.round(d / u * 100) / 100) + " " + n; };
  const steps = (low, high, wanted) => { const raw = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999), out = []; for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) out.push(i * step); const places = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9) + (Math.abs(step / 10 ** Math.floor(Math.log10(step)) - 2.5) < 1e-6 ? 1 : 0))); return out.map((v) => [v, v.toFixed(places)]); };
  const off = new Set(), plots = [];
  for (const figure of document.querySelectorAll("figure.plot")) {
    const svg = figure.querySelector("svg"), data = JSON.parse(figure.querySelector("script").textContent), [W, H, L, R, T, B] = data.frame;
    let [from, until] = data.days, [low, high] = data.range;
    const x = (d) => L + (d - from) / (until - from) * (W - L - R), y = (v) => H - B - (v - low) / (high - low) * (H - T - B);
    const set = (e, attributes) => { for (const k in attributes) e.setAttribute(k, attributes[k]); };
    const limits = () => {
      let a = Infinity, b = -Infinity;
      const take = (v) => { if (v !== null && Number.isFinite(v)) { a = Math.min(a, v); b = Math.max(b, v); } };
      for (const c of data.curves) if (!off.has(c.arm)) c.days.forEach((d, i) => { if (d >= from && d <= until) { take(c.values[i]); if (c.lower) { take(c.lower[i]); take(c.upper[i]); } } });
      for (const p of data.points) if (!off.has(p.arm) && p.day >= from && p.day <= until) { take(p.value); if (p.interval) p.interval.forEach(take); }
      if (a > b) return data.range;
      const least = 0.02 * Math.max(Math.abs(a), Math.abs(b), 1e-12), middle = (a + b) / 2, half = Math.max(b - a, least) / 2 * 1.08;
      return [middle - half, middle + half];
    };
    const draw = (whole) => {
      [low, high] = whole ? data.range : limits();
      for (const group of svg.querySelectorAll(".series")) {
        const c = data.curves.find((k) => k.arm === Number(group.dataset.arm));
        group.classList.toggle("off", off.has(c.arm));
        let path = "", down = false;
        c.days.forEach((d, i) => { const v = c.values[i]; if (v === null) { down = false; return; } path += (down ? "L" : "M") + x(d).toFixed(1) + "," + y(v).toFixed(1); down = true; });
        group.querySelector(".line").setAttribute("d", path);
        const band = group.querySelector(".band");
        if (band) { const f = [], r = []; c.days.forEach((d, i) => { if (c.lower[i] !== null && c.upper[i] !== null) { f.push(x(d).toFixed(1) + "," + y(c.lower[i]).toFixed(1)); r.unshift(x(d).toFixed(1) + "," + y(c.upper[i]).toFixed(1)); } }); band.setAttribute("d", f.length ? "M" + f.concat(r).join("L") + "z" : ""); }
      }
      for (const group of svg.querySelectorAll(".point")) {
        const p = data.points[Number(group.dataset.point)], line = group.querySelector("line");
        group.classList.toggle("off", off.has(p.arm));
        if (line) set(line, { x1: x(p.day), x2: x(p.day), y1: y(p.interval[0]), y2: y(p.interval[1]) });
        set(group.querySelector("circle"), { cx: x(p.day), cy: y(p.value) });
      }
      for (const rect of svg.querySelectorAll(".phase")) { const a = Math.max(x(Number(rect.dataset.from)), L), b = Math.min(x(Number(rect.dataset.until)), W - R); set(rect, { x: a, width: Math.max(0, b - a) }); }
      const reference = svg.querySelector(".reference");
      if (reference && data.reference) { const top = Math.max(T, y(data.reference[1] ?? Infinity)), foot = Math.min(H - B, y(data.reference[0] ?? -Infinity)); set(reference, { y: top, height: Math.max(0, foot - top) }); }
      const up = svg.querySelector(".axis-y"); up.replaceChildren();
      for (const [v, label] of steps(low, high, 5)) { make("line", { class: "grid", x1: L, x2: W - R, y1: y(v), y2: y(v) }, up); make("text", { x: L - 7, y: y(v) + 4, "text-anchor": "end" }, up).textContent = label.replace("-", "−"); }
      const across = svg.querySelector(".axis-x"); across.replaceChildren();
      for (const [v, label] of steps(from / data.unit_days, until / data.unit_days, 8)) { const at = x(v * data.unit_days); make("line", { class: "tick", x1: at, x2: at, y1: H - B, y2: H - B + 4 }, across); make("text", { x: at, y: H - B + 17, "text-anchor": "middle" }, across).textContent = label.replace("-", "−"); }
    };
    const cursor = make("line", { class: "cursor off", y1: T, y2: H - B }, svg), drag = make("rect", { class: "drag off", y: T, height: H - T - B }, svg);
    const read = document.createElement("div"); read.className = "read off"; figure.append(read);
    const day = (e) => { const box = svg.getBoundingClientRect(), at = (e.clientX - box.left) / box.width * W; return Math.min(until, Math.max(from, from + (at - L) / (W - L - R) * (until - from))); };
    let began = null;
    svg.addEventListener("pointermove", (e) => {
      const d = day(e), rows = [];
      let at = null;
      for (const c of data.curves) {
        if (off.has(c.arm)) continue;
        let best = 0;
        c.days.forEach((k, i) => { if (Math.abs(k - d) < Math.abs(c.days[best] - d)) best = i; });
        at = at ?? c.days[best];
        rows.push((c.name ? c.name + ": " : "") + three(c.values[best]) + (c.lower ? " (" + three(c.lower[best]) + " to " + three(c.upper[best]) + ")" : ""));
      }
      if (at === null) return;
      set(cursor, { x1: x(at), x2: x(at) }); cursor.classList.remove("off");
      read.replaceChildren(); const head = document.createElement("b"); head.textContent = when(at); read.append(head);
      for (const row of rows) { const line = document.createElement("div"); line.textContent = row + (data.unit === "1" ? "" : " " + data.unit); read.append(line); }
      read.classList.remove("off");
      const box = svg.getBoundingClientRect(), left = e.clientX - box.left, right = left > box.width / 2;
      read.style.left = right ? "" : (left + 14) + "px"; read.style.right = right ? (box.width - left + 14) + "px" : ""; read.style.top = (svg.offsetTop + 16) + "px";
      if (began !== null) { const a = x(Math.min(began, d)), b = x(Math.max(began, d)); set(drag, { x: a, width: b - a }); drag.classList.remove("off"); }
    });
    svg.addEventListener("pointerleave", () => { cursor.classList.add("off"); read.classList.add("off"); });
    svg.addEventListener("pointerdown", (e) => { if (e.pointerType !== "touch") began = day(e); });
    svg.addEventListener("pointerup", (e) => {
      const end = day(e), start = began; began = null; drag.classList.add("off");
      if (start === null || Math.abs(x(end) - x(start)) < 12) return;
      const a = Math.min(start, end), b = Math.max(start, end);
      for (const p of plots) p.show(a, b);
    });
    svg.addEventListener("dblclick", () => { for (const p of plots) p.show(...data.days, true); });
    plots.push({ draw, show: (a, b, whole) => { from = a; until = b; draw(whole && off.size === 0); } });
  }
  for (const button of document.querySelectorAll(".key button")) button.addEventListener("click", () => {
    const arm = Number(button.dataset.arm), on = off.has(arm);
    if (on) off.delete(arm); else off.add(arm);
    button.setAttribute("aria-pressed", String(on));
    for (const p of plots) p.draw(false);
  });
})();
