// Search, theme, panels and help: what does not depend on the brain.

const $ = (id) => document.getElementById(id);

function options(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text })));
}

// A text field that lists the names that hold what was typed; those that begin with it come first.
class Search {
  constructor(input, list, names, choose) {
    Object.assign(this, { input, list, names, choose, at: 0, found: [] });
    this.lower = names.map((name) => name.toLowerCase());
    input.addEventListener("input", () => this.update());
    input.addEventListener("focus", () => this.update());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.onKey(event));
  }

  update() {
    const wanted = this.input.value.trim().toLowerCase();
    const begin = [], hold = [];
    for (let i = 0; wanted && i < this.lower.length && begin.length < 12; i++) {
      if (this.lower[i].startsWith(wanted)) begin.push(i);
      else if (hold.length < 12 && this.lower[i].includes(wanted)) hold.push(i);
    }
    this.found = [...begin, ...hold].slice(0, 12);
    this.at = 0;
    this.list.replaceChildren(...this.found.map((i, k) => {
      const item = document.createElement("li");
      item.id = `found-${k}`;
      item.role = "option";
      item.dir = "auto";
      item.textContent = this.names[i];
      // Before the field loses the focus, which closes the list.
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        this.take(k);
      });
      return item;
    }));
    this.mark();
  }

  mark() {
    const open = this.found.length > 0;
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", open);
    if (open) this.input.setAttribute("aria-activedescendant", `found-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
    [...this.list.children].forEach((item, k) => item.setAttribute("aria-selected", k === this.at));
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  take(k) {
    if (!(k in this.found)) return;
    this.input.value = this.names[this.found[k]];
    const chosen = this.found[k];
    this.close();
    this.choose(chosen);
  }

  close() {
    this.found = [];
    this.mark();
  }

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      event.preventDefault();
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Enter") {
      this.take(this.at);
    } else if (event.key === "Escape") {
      this.input.value = "";
      this.close();
    }
  }
}

function watchTheme(onChange) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const show = () => {
    const theme = chosen ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    $("theme").textContent = theme === "dark" ? "Light" : "Dark";
    onChange(theme);
  };
  $("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  show();
}

function watchPanel(button, panel, onChange) {
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", !panel.hidden);
    onChange();
  });
}

// Turning, moving and zooming with mouse, pen, fingers; `onPoint` and `onClick` get places in the canvas, or null.
function watchPointers(canvas, scene, onPoint, onClick) {
  const down = new Map();
  let travelled = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...down.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!down.size) travelled = 0;
    down.set(event.pointerId, place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId), now = place(event);
    if (!before) return onPoint(now, event);
    const apart = down.size === 2 ? spread() : 0;
    down.set(event.pointerId, now);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    travelled += Math.hypot(dx, dy);
    if (apart) scene.zoomBy(spread() / apart);
    else if (event.shiftKey || event.buttons & 6) scene.move(dx, dy);
    else scene.turn(0.008 * dx, 0.008 * dy);
    if (travelled > 4) onPoint(null);
  });
  const lift = (event) => {
    if (down.delete(event.pointerId) && !down.size && travelled < 5 && event.type === "pointerup") onClick(place(event));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => onPoint(null));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    scene.zoomBy(Math.exp(-0.0012 * event.deltaY * (event.deltaMode ? 16 : 1)));
  }, { passive: false });
}

function showTip(text, event) {
  const tip = $("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const box = tip.getBoundingClientRect();
  const fits = (at, size, room) => Math.max(4, at + 14 + size > room ? at - 10 - size : at + 14);
  const x = fits(event.clientX, box.width, innerWidth), y = fits(event.clientY, box.height, innerHeight);
  tip.style.transform = `translate(${x}px, ${y}px)`;
}

// The axes as the camera sees them: letters of what is near are larger, and lie over those of what is far.
function drawCompass(canvas, axes) {
  const density = window.devicePixelRatio || 1, size = 84, context = canvas.getContext("2d");
  canvas.width = canvas.height = size * density;
  context.setTransform(density, 0, 0, density, (size * density) / 2, (size * density) / 2);
  const style = getComputedStyle(canvas), [ink, faint, page] = ["--ink", "--faint", "--page"].map((name) => style.getPropertyValue(name));
  const ends = ["LR", "PA", "IS"].flatMap((letters, k) => [-1, 1].map((sign, end) => ({
    letter: letters[end], x: sign * axes[k] * 30, y: -sign * axes[3 + k] * 30, depth: sign * axes[6 + k],
  })));
  ends.sort((a, b) => a.depth - b.depth);
  [context.textAlign, context.textBaseline] = ["center", "middle"];
  for (const { letter, x, y, depth } of ends) {
    context.strokeStyle = context.fillStyle = depth < -0.01 ? faint : ink;
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(0.72 * x, 0.72 * y);
    context.stroke();
    context.font = `${depth < -0.01 ? 500 : 700} ${Math.round(12 + 2 * depth)}px system-ui, sans-serif`;
    context.save();
    [context.strokeStyle, context.lineWidth] = [page, 3];
    context.strokeText(letter, x, y);
    context.restore();
    context.fillText(letter, x, y);
  }
}
