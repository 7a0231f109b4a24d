"use strict";

// What the page carries: see pack() in tvbo/plotting/packing.py.

const TYPES = {
  u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array,
};

async function unpack(text) {
  const characters = atob(text);
  const packed = new Uint8Array(characters.length);
  for (let i = 0; i < packed.length; i++) packed[i] = characters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const start = Math.ceil((4 + size) / 8) * 8;
  const arrays = Object.create(null);
  for (const [name, place] of Object.entries(data.arrays)) arrays[name] = readArray(buffer, start, place);
  return { ...data, arrays };
}

function readArray(buffer, start, place) {
  const Type = TYPES[place.type];
  const width = Type.BYTES_PER_ELEMENT;
  const length = place.shape.reduce((product, size) => product * size, 1);
  const planes = new Uint8Array(buffer, start + place.start, length * width);
  const bytes = new Uint8Array(length * width);
  for (let plane = 0; plane < width; plane++) {
    for (let i = 0, from = plane * length; i < length; i++) bytes[i * width + plane] = planes[from + i];
  }
  const values = new Type(bytes.buffer);
  const stride = place.stride;
  // Typed arrays wrap round as the differences did.
  if (stride) for (let i = stride; i < length; i++) values[i] += values[i - stride];
  return values;
}

function nodeLabel(data, i) {
  return Array.isArray(data.labels) ? data.labels[i] : `${data.labels}_${i}`;
}

function regionLabel(data, i) {
  return data.regionLabels ? data.regionLabels[i] : nodeLabel(data, i);
}

function number(value) {
  if (value === null || Number.isNaN(value)) return "no value";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(4)));
}

const withUnit = (value, unit) => (unit ? `${number(value)} ${unit}` : number(value));
const count = (value) => value.toLocaleString("en");
