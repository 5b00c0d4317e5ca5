"use strict";
const D = JSON.parse(document.getElementById("data").textContent);
const NS = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const percent = (x) => x === null ? "not known" : x > 0 && x < 0.01 ? "under 1\u00a0%" : x > 0.99 && x < 1 ? "over 99\u00a0%" : `${Math.round(100 * x)}\u00a0%`;

function add(parent, kind, attributes, text) {
  const one = document.createElementNS(NS, kind);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  if (text !== undefined) one.textContent = text;
  parent.appendChild(one);
  return one;
}

function frame(box, left, bottom) {
  box.replaceChildren();
  const width = box.clientWidth || 640, height = box.clientHeight || 340;
  const svg = add(box, "svg", { viewBox: `0 0 ${width} ${height}` });
  const tip = document.createElement("div");
  tip.className = "tip";
  box.appendChild(tip);
  return { svg, tip, width, height, left, right: width - 12, top: 14, bottom: height - bottom };
}

const scale = (low, high, from, to) => (value) => from + (to - from) * (value - low) / (high - low);

function shares(f, y) {
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    add(f.svg, "line", { x1: f.left, x2: f.right, y1: y(share), y2: y(share), stroke: "var(--line)" });
    add(f.svg, "text", { x: f.left - 7, y: y(share) + 4, "text-anchor": "end" }, percent(share));
  }
}

function steps(points, x, y, key) {
  let path = "";
  points.forEach((p, k) => { path += k ? `H${x(p.week)}V${y(p[key])}` : `M${x(p.week)},${y(p[key])}`; });
  return path;
}

function band(points, x, y, low, high) {
  const back = [...points].reverse();
  let path = steps(points, x, y, high);
  back.forEach((p, k) => { path += k ? `V${y(p[low])}H${x(p.week)}` : `V${y(p[low])}`; });
  return path + "Z";
}

function follow(f, box, told) {
  const line = add(f.svg, "line", { y1: f.top, y2: f.bottom, stroke: "var(--soft)", visibility: "hidden" });
  const show = (event) => {
    const place = box.getBoundingClientRect();
    const at = Math.min(f.right, Math.max(f.left, event.clientX - place.left));
    const rows = told(at);
    line.setAttribute("x1", at); line.setAttribute("x2", at); line.setAttribute("visibility", "visible");
    f.tip.replaceChildren(...rows.map((text) => { const p = document.createElement("div"); p.textContent = text; return p; }));
    f.tip.style.display = "block";
    f.tip.style.left = `${Math.min(at + 10, Math.max(0, f.width - f.tip.offsetWidth - 4))}px`;
    f.tip.style.top = `${f.top + 2}px`;
  };
  box.onpointermove = box.onpointerdown = show;
  box.onpointerleave = () => { f.tip.style.display = "none"; line.setAttribute("visibility", "hidden"); };
}

function drawCurves() {
  const box = $("curves"), measure = $("measure").value, f = frame(box, 58, 74);
  f.top = 56;
  const simulated = D.simulated.filter((p) => p.measure === measure);
  const recorded = D.recorded.filter((p) => p.measure === measure);
  const last = Math.max(...simulated.map((p) => p.week));
  const x = scale(0, last, f.left, f.right), y = scale(0, 1, f.bottom, f.top);
  shares(f, y);
  const series = [
    { points: recorded, low: "lower", high: "upper", colour: "var(--green)", dash: "6 4", name: "recorded, all episodes" },
    { points: simulated, low: "low", high: "high", colour: "var(--blue)", dash: "", name: "simulated Busan truce" },
  ];
  for (const one of series) {
    const points = one.points.filter((p) => p.week <= last && p[one.low] !== null);
    if (!points.length) continue;
    add(f.svg, "path", { d: band(points, x, y, one.low, one.high), fill: one.colour, "fill-opacity": "var(--band)" });
    add(f.svg, "path", { d: steps(points, x, y, "survival"), fill: "none", stroke: one.colour, "stroke-width": 2.2, "stroke-dasharray": one.dash });
  }
  for (const [days, text] of f.width > 500 ? [[90, "90 days"], [180, "half a year"], [365, "a year"]] : [[90, "¼"], [180, "½"], [365, "1 year"]]) {
    add(f.svg, "line", { x1: x(days / 7), x2: x(days / 7), y1: f.top, y2: f.bottom, stroke: "var(--soft)", "stroke-dasharray": "2 3" });
    add(f.svg, "text", { x: x(days / 7) + 3, y: f.bottom - 5 }, text);
  }
  for (const truce of D.truces.filter((t) => t.measure === measure && t.days / 7 <= last)) {
    const mark = add(f.svg, "circle", { cx: x(truce.days / 7), cy: f.bottom + 12, r: 4, fill: truce.ended ? "var(--green)" : "var(--ground)", stroke: "var(--green)", "stroke-width": 1.6 });
    add(mark, "title", {}, `${truce.name}: ${truce.days}${truce.ended ? "" : "+"} days`);
  }
  for (let week = 0; week <= last; week += 13) add(f.svg, "text", { x: x(week), y: f.bottom + 36, "text-anchor": "middle" }, week);
  add(f.svg, "text", { x: f.right, y: f.bottom + 54, "text-anchor": "end" }, "age of the truce, weeks");
  series.forEach((one, k) => {
    const at = f.left, high = 16 + 19 * k;
    add(f.svg, "line", { x1: at, x2: at + 26, y1: high - 4, y2: high - 4, stroke: one.colour, "stroke-width": 2.2, "stroke-dasharray": one.dash });
    add(f.svg, "text", { x: at + 32, y: high }, one.name);
  });
  follow(f, box, (at) => {
    const week = Math.round((at - f.left) / (f.right - f.left) * last);
    const rows = [`after ${week} weeks`];
    for (const one of [...series].reverse()) {
      const p = one.points.filter((q) => q.week <= week).pop();
      if (p) rows.push(`${one.name}: ${percent(p.survival)} (${percent(p[one.low])} to ${percent(p[one.high])})`);
    }
    return rows;
  });
}

function chosen() {
  return D.sliders.map((slider) => Number($(`slider-${slider.name}`).value));
}

function rowsAt(place) {
  return D.grid.filter((row) => row.measure === "covered" && D.sliders.every((slider, k) => row[slider.name] === place[k]));
}

function drawGrid() {
  const place = chosen(), usual = D.sliders.map((slider) => slider.usual);
  D.sliders.forEach((slider, k) => { $(`value-${slider.name}`).textContent = slider.choices[place[k]]; });
  const mine = rowsAt(place), base = rowsAt(usual), same = place.every((value, k) => value === usual[k]);
  const box = $("grid"), f = frame(box, 58, 46);
  const y = scale(0, 1, f.bottom, f.top), wide = (f.right - f.left) / 3;
  shares(f, y);
  base.forEach((row, k) => {
    const middle = f.left + wide * (k + 0.5), gap = Math.min(46, wide / 5);
    const sides = same ? [[row, 0, "var(--blue)"]] : [[row, -gap, "var(--blue)"], [mine[k], gap, "var(--red)"]];
    for (const [one, shift, colour] of sides) {
      if (one.share === null) continue;
      const at = middle + shift;
      add(f.svg, "line", { x1: at, x2: at, y1: y(one.low), y2: y(one.high), stroke: colour, "stroke-width": 7, "stroke-opacity": 0.4 });
      const mark = colour === "var(--blue)" ? add(f.svg, "circle", { cx: at, cy: y(one.share), r: 6, fill: colour }) : add(f.svg, "rect", { x: at - 6, y: y(one.share) - 6, width: 12, height: 12, fill: colour });
      add(mark, "title", {}, `${percent(one.share)} (${percent(one.low)} to ${percent(one.high)})`);
      add(f.svg, "text", { x: at + 11, y: y(one.share) + 4 }, percent(one.share));
    }
    add(f.svg, "text", { x: middle, y: f.bottom + 20, "text-anchor": "middle" }, f.width > 500 ? `after ${D.after[row.days]}` : D.after[row.days]);
  });
  add(f.svg, "text", { x: f.left, y: f.bottom + 40 }, same ? "● as agreed" : "● as agreed   ■ with your change");
  const year = mine[mine.length - 1], old = base[base.length - 1];
  const told = `${percent(year.share)} (range ${percent(year.low)} to ${percent(year.high)})`;
  $("told").textContent = same
    ? `As agreed, the truce is still in force after ${D.after[year.days]} with a chance of ${told}. Move a slider to change something.`
    : `With your change, the truce is still in force after ${D.after[year.days]} with a chance of ${told}, instead of ${percent(old.share)} (range ${percent(old.low)} to ${percent(old.high)}).`;
}

function drawTariffs() {
  const box = $("tariffs"), f = frame(box, 44, 40), T = D.tariffs;
  const x = scale(T.first, T.last, f.left, f.right), top = Math.max(...T.sides.flatMap((s) => s.steps.map((p) => p[1])), 10);
  const y = scale(0, top * 1.05, f.bottom, f.top);
  for (const [from, to] of T.truces) add(f.svg, "rect", { x: x(from), y: f.top, width: x(to) - x(from), height: f.bottom - f.top, fill: "var(--soft)", "fill-opacity": 0.16 });
  for (let at = 0; at <= top; at += 50) {
    add(f.svg, "line", { x1: f.left, x2: f.right, y1: y(at), y2: y(at), stroke: "var(--line)" });
    add(f.svg, "text", { x: f.left - 7, y: y(at) + 4, "text-anchor": "end" }, at);
  }
  T.sides.forEach((side, k) => {
    let path = "";
    side.steps.forEach(([day, pp], n) => { path += n ? `H${x(day)}V${y(pp)}` : `M${x(day)},${y(pp)}`; });
    add(f.svg, "path", { d: `${path}H${x(T.last)}`, fill: "none", stroke: k ? "var(--red)" : "var(--blue)", "stroke-width": 2.2, "stroke-dasharray": k ? "7 4" : "" });
  });
  T.months.forEach(([day, text], k) => { if (f.width > 500 || k % 3 === 0) add(f.svg, "text", { x: x(day), y: f.bottom + 20 }, text); });
  follow(f, box, (at) => {
    const day = T.first + (at - f.left) / (f.right - f.left) * (T.last - T.first);
    const date = new Date(Math.round(day) * 86400000).toISOString().slice(0, 10);
    return [date, ...T.sides.map((side) => `${side.name}: ${side.steps.filter((p) => p[0] <= day).pop()[1].toFixed(0)} points`)];
  });
}

function drawAll() { drawCurves(); drawGrid(); drawTariffs(); }
$("measure").addEventListener("change", drawCurves);
D.sliders.forEach((slider) => $(`slider-${slider.name}`).addEventListener("input", drawGrid));
addEventListener("resize", drawAll);
addEventListener("beforeprint", drawAll);
addEventListener("afterprint", drawAll);
drawAll();
