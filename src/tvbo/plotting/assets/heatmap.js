// A matrix as a heatmap. A cell stands for `rows` x `columns` entries, one of each in a matrix that is not large.

class Heatmap {
  constructor(canvas, data) {
    this.canvas = canvas;
    this.data = data;
    this.cell = null;
    this.marked = null;
    this.onCell = () => {};
    canvas.addEventListener("pointermove", (event) => this.goTo(this.cellAt(event)));
    canvas.addEventListener("pointerleave", () => this.goTo(null));
    canvas.addEventListener("click", (event) => this.onPick?.(this.cellAt(event)));
    canvas.addEventListener("blur", () => this.goTo(null));
    canvas.addEventListener("keydown", (event) => this.onKey(event));
  }

  show(matrix, ramp) {
    this.matrix = matrix;
    this.values = this.data.arrays[matrix.array];
    this.down = Math.ceil(matrix.shape[0] / matrix.rows);
    this.across = Math.ceil(matrix.shape[1] / matrix.columns);
    this.cell = this.marked = null;
    this.paint(ramp);
  }

  paint(ramp) {
    this.image = document.createElement("canvas");
    [this.image.width, this.image.height] = [Math.max(1, this.across), Math.max(1, this.down)];
    const context = this.image.getContext("2d");
    const image = context.createImageData(this.image.width, this.image.height);
    for (let i = 0; i < this.values.length; i++) {
      // An entry of zero is no connection: it stays the colour of the page.
      if (this.values[i] !== 0) image.data.set([...ramp.color(this.values[i]), 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
    this.draw();
  }

  draw() {
    const canvas = this.canvas, density = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    if (!this.matrix || !width) return;
    const height = Math.round(width * Math.min(1.4, Math.max(0.5, this.down / this.across)));
    canvas.style.height = `${height}px`;
    [canvas.width, canvas.height] = [Math.round(width * density), Math.round(height * density)];
    const context = canvas.getContext("2d"), style = getComputedStyle(canvas);
    context.fillStyle = style.getPropertyValue("--page");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = this.across > canvas.width || this.down > canvas.height;
    context.drawImage(this.image, 0, 0, canvas.width, canvas.height);
    context.strokeStyle = style.getPropertyValue("--accent");
    context.lineWidth = density;
    for (const cell of [this.cell, ...(this.marked || [])]) if (cell) this.outline(context, cell);
    context.strokeStyle = style.getPropertyValue("--line");
    context.strokeRect(0, 0, canvas.width, canvas.height);
  }

  outline(context, { row, column }) {
    const { width, height } = this.canvas, [w, h] = [width / this.across, height / this.down];
    if (row !== null) context.strokeRect(-1, row * h, width + 2, h);
    if (column !== null) context.strokeRect(column * w, -1, w, height + 2);
    if (row === null || column === null) return;
    const least = 6 * (window.devicePixelRatio || 1), [bw, bh] = [Math.max(w, least), Math.max(h, least)];
    context.save();
    context.lineWidth *= 2;
    context.strokeRect((column + 0.5) * w - bw / 2, (row + 0.5) * h - bh / 2, bw, bh);
    context.restore();
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.down);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.across);
    return row >= 0 && column >= 0 && row < this.down && column < this.across ? { row, column } : null;
  }

  goTo(cell) {
    if (cell?.row === this.cell?.row && cell?.column === this.cell?.column) return;
    this.cell = cell;
    this.draw();
    this.onCell(cell);
  }

  // Marks entries of the matrix, as [[row, column], ...]; null stands for all.
  mark(entries) {
    const cellOf = (i, size) => (i === null ? null : Math.floor(i / size));
    this.marked = entries.map(([i, j]) => ({ row: cellOf(i, this.matrix.rows), column: cellOf(j, this.matrix.columns) }));
    this.draw();
  }

  value(cell) {
    return this.values[cell.row * this.across + cell.column];
  }

  onKey(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Enter" && this.cell) this.onPick?.(this.cell);
    if (!step) return;
    event.preventDefault();
    const within = (value, size) => Math.min(size - 1, Math.max(0, value));
    const { row, column } = this.cell || { row: -step[0], column: -step[1] };
    this.goTo({ row: within(row + step[0], this.down), column: within(column + step[1], this.across) });
  }
}
