// Colour maps that people who see colours otherwise can read: eleven stops each.
const MAPS = {
  viridis: "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725",
  cividis: "00224e 083370 35456c 4f576c 666970 7d7c78 948e77 aea371 c8b866 e5cf52 fee838",
  inferno: "000004 160b39 420a68 6a176e 932667 bc3754 dd513a f37819 fca50a f6d746 fcffa4",
};
const DIVERGING = "053061 2266ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b1182b 67001f";
// Okabe and Ito's colours for categories; further ones are taken from the palette of the regions.
const CATEGORIES = "0072b2 e69f00 009e73 cc79a7 56b4e9 d55e00 f0e442 8a8f94";
const NO_VALUE = { light: [206, 209, 213], dark: [78, 84, 91] };

const rgb = (hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));

function table(stops) {
  const colors = stops.split(" ").map(rgb);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colors.length - 1);
    const low = Math.min(Math.floor(place), colors.length - 2);
    return colors[low].map((value, k) => Math.round(value + (place - low) * (colors[low + 1][k] - value)));
  });
}

// From numbers to colours. Values of both signs get a map whose middle is zero.
class Ramp {
  constructor(values, { map, reversed = false, log = false, robust = false, missing }) {
    let finite = Float64Array.from(values).filter((v) => Number.isFinite(v) && (!log || v > 0));
    if (robust || finite.length < 1e6) finite.sort();
    else finite = Float64Array.of(least(finite), greatest(finite));
    const last = finite.length - 1;
    this.empty = last < 0;
    const trim = robust && last > 1000 ? Math.floor(last * 0.005) : 0;
    [this.low, this.high] = this.empty ? [0, 1] : [finite[trim], finite[last - trim]];
    this.cutLow = !this.empty && this.low > finite[0];
    this.cutHigh = !this.empty && this.high < finite[last];
    this.log = log;
    this.diverging = !log && this.low < 0 && this.high > 0;
    if (this.diverging) {
      this.high = Math.max(-this.low, this.high);
      this.low = -this.high;
    }
    this.table = table(this.diverging ? DIVERGING : MAPS[map]);
    if (reversed && !this.diverging) this.table.reverse();
    this.missing = missing;
  }

  share(value) {
    const scale = this.log ? Math.log : (x) => x / 2;
    const [low, high] = [scale(this.low), scale(this.high)];
    return high > low ? Math.min(1, Math.max(0, (scale(value) - low) / (high - low))) : 0.5;
  }

  color(value) {
    const none = !(Number.isFinite(value) && (!this.log || value > 0));
    return none ? this.missing : this.table[Math.round(255 * this.share(value))];
  }

  bar(title) {
    const box = document.createElement("div");
    box.className = "bar";
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [256, 1];
    const context = canvas.getContext("2d");
    const image = context.createImageData(256, 1);
    this.table.forEach((color, i) => image.data.set([...color, 255], 4 * i));
    context.putImageData(image, 0, 0);
    const ends = document.createElement("div");
    ends.className = "ends";
    const low = `${this.cutLow ? "≤ " : ""}${number(this.low)}`;
    const high = `${this.cutHigh ? "≥ " : ""}${number(this.high)}`;
    for (const text of this.empty ? ["no values", ""] : [low, this.diverging ? "0" : "", high]) {
      ends.append(Object.assign(document.createElement("span"), { textContent: text }));
    }
    box.append(this.log ? `${title}, logarithmic` : title, canvas, ends);
    return box;
  }
}

const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const greatest = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function swatch(color, text) {
  const box = document.createElement("span");
  box.className = "swatch";
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1, 1];
  const context = canvas.getContext("2d");
  context.fillStyle = `rgb(${color.join(" ")})`;
  context.fillRect(0, 0, 1, 1);
  box.append(canvas, text);
  return box;
}
