// Before the first paint: follow the system's theme unless the reader has chosen one.
// `theme`, `getThemeVariant` and `inDarkMode` are Solara's, defined just above.
if (!localStorage.getItem(":solara:theme.variant")) theme.variant = "auto";
document.documentElement.dataset.theme = inDarkMode() ? "dark" : "light";
document.documentElement.lang = "en";

// Values where the mouse is, over any element with data-hover (see dashboard/hover.py).
(function () {
  const NEAR = 14; // pixels from a mark
  let tip, line, read = ["", []];

  const panelsOf = (host) => {
    if (read[0] !== host.dataset.hover) read = [host.dataset.hover, JSON.parse(host.dataset.hover || "[]")];
    return read[1];
  };
  const made = (name) => {
    const one = document.createElement("div");
    one.className = name;
    one.setAttribute("aria-hidden", "true");
    return document.body.appendChild(one);
  };
  const hide = () => { for (const one of [tip, line]) if (one) one.style.display = "none"; };

  // Of a line of steps the point before the mouse holds, or the one after; of another the nearest.
  function pointAt(series, x) {
    if (series.steps === "post") return series.points.filter((p) => p[0] <= x + 1e-4).pop();
    if (series.steps === "pre") return series.points.find((p) => p[0] >= x - 1e-4);
    return series.points.reduce((best, p) => (Math.abs(p[0] - x) < Math.abs(best[0] - x) ? p : best));
  }

  function spotAt(spots, x, y, box) {
    const away = (s) => Math.hypot(Math.max(s[0] - x, 0, x - s[2]) * box.width, Math.max(s[1] - y, 0, y - s[3]) * box.height);
    let best = null;
    for (const spot of spots) if (best === null || away(spot) < away(best)) best = spot;
    return best && away(best) <= NEAR ? best : null;
  }

  function told(panel, x, y, box) {
    const spot = spotAt(panel.spots, x, y, box);
    if (spot) return { rows: spot[4].split("\n"), at: null };
    const found = panel.series.map((series) => [series.name, pointAt(series, x)]).filter(([, p]) => p);
    if (!found.length) return null;
    const first = found.reduce((a, b) => (Math.abs(b[1][0] - x) < Math.abs(a[1][0] - x) ? b : a))[1];
    return { rows: [first[2], ...found.map(([name, p]) => (name ? `${name}: ${p[3]}` : p[3]))], at: first[0] };
  }

  // Marks lie close to each other: all that the mouse is on, the nearest, which a click takes, first.
  function marksAt(event) {
    const away = (one) => {
      const box = one.getBoundingClientRect();
      return Math.hypot(box.left + box.width / 2 - event.clientX, box.top + box.height / 2 - event.clientY);
    };
    const found = document.elementsFromPoint(event.clientX, event.clientY).filter((one) => one.dataset.mark);
    return found.sort((a, b) => away(a) - away(b)).map((one) => one.ariaLabel);
  }

  function show(event) {
    const host = event.target.closest ? event.target.closest("[data-hover]") : null;
    const image = host && host.querySelector("img");
    if (!image) return hide();
    const box = image.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    const panel = panelsOf(host).find((p) => p.box[0] <= x && x <= p.box[2] && p.box[1] <= y && y <= p.box[3]);
    const marks = marksAt(event);
    const found = marks.length ? { rows: marks, at: null } : panel && told(panel, x, y, box);
    if (!found) return hide();
    tip = tip && tip.isConnected ? tip : made("tip");
    line = line && line.isConnected ? line : made("hairline");
    tip.replaceChildren(...found.rows.map((text) => Object.assign(document.createElement("div"), { textContent: text })));
    tip.style.display = "block";
    const wide = tip.offsetWidth, high = tip.offsetHeight;
    tip.style.left = `${Math.max(4, event.clientX + 16 + wide > innerWidth ? event.clientX - wide - 14 : event.clientX + 16)}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - high - 4))}px`;
    line.style.display = found.at === null ? "none" : "block";
    if (found.at !== null) {
      line.style.left = `${box.left + found.at * box.width}px`;
      line.style.top = `${box.top + panel.box[1] * box.height}px`;
      line.style.height = `${(panel.box[3] - panel.box[1]) * box.height}px`;
    }
  }

  for (const kind of ["pointermove", "pointerdown"]) document.addEventListener(kind, show, { passive: true });
  document.addEventListener("scroll", hide, { passive: true, capture: true });
  document.addEventListener("pointerleave", hide);
})();
