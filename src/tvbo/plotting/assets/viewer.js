// What is chosen, and what follows from it.

class Viewer extends Words {
  constructor(data) {
    super();
    this.data = data;
    this.arrays = data.arrays;
    this.theme = "light";
    this.colors = this.colorChoices();
    this.chosen = 0;
    this.isolated = this.node = this.edge = this.sensor = -1;
    this.entries = [];
    this.count = data.count;
    this.log = false;
    this.scene = new Scene($("view"), data);
    this.heatmap = data.matrices.length ? new Heatmap($("heatmap"), data) : null;
    this.neighbours = new Map();
    this.measureNodes();
  }

  // ------------------------------------------------------------------ nodes and connections

  measureNodes() {
    const { nodes, sensors } = this.data, p = this.arrays.positions;
    const strength = this.data.edges ? this.arrays.field0 : null;
    const most = strength ? greatest(strength.filter(Number.isFinite)) || 1 : 1;
    const size = 0.02 * this.scene.radius * Math.min(1.3, Math.max(0.12, Math.cbrt(76 / Math.max(1, nodes))));
    this.radii = Float32Array.from({ length: nodes }, (_, i) => {
      if (i < sensors) return 0.8 * size;
      return size * (strength ? 0.5 + 0.9 * Math.sqrt(Math.min(1, strength[i] / most)) : 0.9);
    });
    this.placed = Uint8Array.from({ length: nodes }, (_, i) => Number.isFinite(p[3 * i] + p[3 * i + 1] + p[3 * i + 2]));
    const e = this.arrays.edges || [];
    this.edgeMost = e.length ? Math.abs(e[0]) || 1 : 1;
  }

  place(i) {
    return this.arrays.positions.subarray(3 * i, 3 * i + 3);
  }

  ends(k) {
    return [this.arrays.ends[2 * k], this.arrays.ends[2 * k + 1]];
  }

  // The strongest come first: all that are as strong as the last one asked for are shown.
  shown() {
    const e = this.arrays.edges || [];
    let n = Math.min(this.count, e.length);
    while (n > 0 && n < e.length && Math.abs(e[n]) === Math.abs(e[n - 1])) n++;
    return n;
  }

  connectionsOf(node) {
    if (!this.neighbours.has(node)) {
      const found = [];
      for (let k = 0; k < (this.arrays.edges || []).length; k++) {
        if (this.arrays.ends[2 * k] === node || this.arrays.ends[2 * k + 1] === node) found.push(k);
      }
      this.neighbours.set(node, found);
    }
    return this.neighbours.get(node);
  }

  // The connections that the marked entries of the heatmap stand for.
  markedEdges() {
    const cell = this.heatmap?.cell, matrix = this.heatmap?.matrix;
    if (this.edge >= 0) return [this.edge];
    if (!cell || !matrix.ofNodes || !this.data.edges) return [];
    const within = (i, j) => Math.floor(i / matrix.rows) === cell.row && Math.floor(j / matrix.columns) === cell.column;
    const found = [];
    for (let k = 0; k < this.arrays.edges.length; k++) {
      const [i, j] = this.ends(k);
      if (within(i, j) || within(j, i)) found.push(k);
    }
    return found;
  }

  drawEdges() {
    const marked = new Set(this.markedEdges());
    let visible = [];
    if ($("show-edges").checked && this.data.edges) {
      visible = this.isolated >= 0 ? [...this.connectionsOf(this.isolated)] : Array.from({ length: this.shown() }, (_, k) => k);
    }
    const there = new Set(visible);
    for (const k of marked) if (!there.has(k)) visible.push(k);
    visible = visible.filter((k) => this.ends(k).every((i) => this.placed[i]));
    const n = visible.length, thick = 0.0058 * this.scene.radius * Math.min(1, Math.max(0.25, Math.cbrt(400 / Math.max(1, n))));
    const from = new Float32Array(3 * n), to = new Float32Array(3 * n), width = new Float32Array(2 * n), color = new Uint8Array(4 * n);
    visible.forEach((k, place) => {
      const [i, j] = this.ends(k), value = this.arrays.edges[k];
      from.set(this.place(i), 3 * place);
      to.set(this.place(j), 3 * place);
      const share = Math.sqrt(Math.abs(value) / this.edgeMost);
      width.set([thick * (0.25 + 0.75 * share) * (marked.has(k) ? 2.2 : 1), k], 2 * place);
      color.set(marked.has(k) ? this.accent : this.edgeRamp.color(value), 4 * place);
    });
    this.scene.fill(this.scene.lines, { from, to, color, width }, n);
    this.scene.stale = true;
  }

  drawNodes() {
    const chosen = this.colors[this.chosen], { nodes, sensors } = this.data;
    const near = this.isolated >= 0 ? new Set(this.connectionsOf(this.isolated).flatMap((k) => this.ends(k))) : null;
    const lit = new Set([this.node, this.isolated, this.sensor, ...this.markedEdges().flatMap((k) => this.ends(k)), ...this.markedNodes()]);
    const visible = [];
    for (let i = 0; i < nodes; i++) if (this.placed[i] && ($("show-nodes").checked || lit.has(i))) visible.push(i);
    const place = new Float32Array(4 * visible.length), color = new Uint8Array(4 * visible.length);
    visible.forEach((i, at) => {
      const away = near && i !== this.isolated && !near.has(i);
      place.set(this.place(i), 4 * at);
      place[4 * at + 3] = this.radii[i] * (lit.has(i) ? 1.5 : away ? 0.5 : 1);
      const own = i < sensors ? chosen.ofSensor?.(i) ?? this.sensorColor : chosen.ofNode(i);
      color.set(lit.has(i) ? this.accent : away ? this.missing : own, 4 * at);
    });
    this.scene.fill(this.scene.balls, { place, color, index: Float32Array.from(visible) }, visible.length);
    this.scene.stale = true;
  }

  markedNodes() {
    const cell = this.heatmap?.cell, matrix = this.heatmap?.matrix;
    if (!cell || matrix.rows > 1) return [];
    if (matrix.ofNodes) return [cell.row, cell.column];
    const sources = this.data.gain?.on === "nodes" && matrix.columns === 1 ? [this.data.sensors + cell.column] : [];
    return [cell.row, ...sources];
  }

  note(text) {
    $("notes").append(Object.assign(document.createElement("li"), { textContent: text }));
  }

  // ------------------------------------------------------------------ choices

  setCount(value) {
    const held = this.arrays.edges?.length ?? 0;
    this.count = Math.max(0, Math.min(held, Math.round(Number(value) || 0)));
    this.drawEdges();
    this.tellShown();
  }

  setOpacity(percent) {
    const value = Math.min(100, Math.max(0, Number(percent)));
    $("opacity").value = value;
    $("opacity-told").textContent = `${value} %`;
    this.scene.opacity = value / 100;
    this.scene.moved();
  }

  setColor(index) {
    this.chosen = (index + this.colors.length) % this.colors.length;
    $("color-by").value = this.chosen;
    const choice = this.colors[this.chosen];
    if (!choice.isGain) this.sensor = -1;
    this.recolor();
    if (choice.isGain) $("sensor").value = this.sensor;
    $("map-row").hidden = !(this.ramp || this.data.edges || this.heatmap);
  }

  shiftSensors(sign) {
    for (let i = 0; i < 3 * this.data.sensors; i++) this.arrays.positions[i] += sign * this.data.shift[i % 3];
    this.scene.measure();
    this.drawNodes();
    this.scene.moved();
  }

  setSensor(i) {
    if (!this.data.gain || i >= this.data.gain.rows) return;
    this.sensor = i;
    this.setColor(this.colors.findIndex((choice) => choice.isGain));
    this.heatmap?.mark([[i, null]]);
    this.say(`Gain of ${nodeLabel(this.data, i)}`);
    $("release").hidden = false;
  }

  isolate(i) {
    if (i < this.data.sensors && this.data.gain) return this.setSensor(i);
    if (i < 0 || i >= this.data.nodes) return;
    this.isolated = i;
    $("release").hidden = false;
    this.recolor();
    this.heatmap?.mark(this.heatmap.matrix.ofNodes ? [[i, null], [null, i]] : [[i, null]]);
    this.scene.onDraw();
    this.say(this.tellNode(i).replaceAll("\n", "; "));
  }

  release() {
    this.isolated = this.node = this.edge = -1;
    $("release").hidden = true;
    showTip("");
    this.heatmap?.mark([]);
    const sum = this.colors.findIndex((choice) => choice.isSum);
    if (this.sensor >= 0 && sum >= 0) this.setColor(sum);
    else this.recolor();
    this.say(this.overview());
  }

  step(by) {
    const { nodes } = this.data, from = this.isolated >= 0 ? this.isolated : this.sensor;
    if (nodes) this.isolate(from < 0 ? (by > 0 ? 0 : nodes - 1) : (from + by + nodes) % nodes);
  }

  point(place, event) {
    const hit = place && this.scene.pick(...place);
    let node = hit?.kind === "node" ? hit.index : -1;
    const edge = hit?.kind === "edge" ? hit.index : -1;
    let text = "";
    if (node >= 0) text = this.tellNode(node);
    else if (edge >= 0) text = this.tellEdge(edge);
    else if (hit) {
      text = this.tellVertex(hit.index);
      if (this.arrays.regions && !this.data.regionLabels) node = this.arrays.regions[hit.index];
    }
    showTip(text, event);
    if (node === this.node && edge === this.edge) return;
    [this.node, this.edge] = [node, edge];
    if (this.heatmap) {
      const { ofNodes } = this.heatmap.matrix;
      if (edge >= 0 && ofNodes) this.heatmap.mark([this.ends(edge), this.ends(edge).reverse()]);
      else if (node >= 0) this.heatmap.mark(ofNodes ? [[node, null], [null, node]] : node < this.data.sensors ? [[node, null]] : []);
      else this.heatmap.mark(this.isolated >= 0 && ofNodes ? [[this.isolated, null], [null, this.isolated]] : []);
    }
    this.drawEdges();
    this.drawNodes();
  }

  click(place) {
    const hit = this.scene.pick(...place), regions = this.arrays.regions;
    let node = hit?.kind === "node" ? hit.index : -1;
    if (hit?.kind === "vertex" && regions && !this.data.regionLabels) node = regions[hit.index];
    if (hit?.kind === "edge") return this.say(this.tellEdge(hit.index).replaceAll("\n", "; "));
    if (node < 0 || node === this.isolated) this.release();
    else this.isolate(node);
  }

  drawMarks() {
    const marks = [], { low, high, centre } = this.scene;
    const mark = (text, point, name) => {
      const [x, y, depth] = this.scene.project(point);
      marks.push([text, x, y, depth, name]);
    };
    $("compass").hidden = this.data.circle;
    if (!this.data.circle) {
      drawCompass($("compass"), this.scene.axes);
      ["LR", "PA", "IS"].forEach((letters, axis) => {
        // Beside the brain, not in front of it.
        if (Math.abs(this.scene.axes[6 + axis]) > 0.3) return;
        [...letters].forEach((letter, end) => {
          const point = [...centre];
          point[axis] = centre[axis] + (end ? 1 : -1) * (0.53 * (high[axis] - low[axis]) + 0.05 * this.scene.radius);
          mark(letter, point, false);
        });
      });
    }
    for (const i of new Set([this.isolated, this.sensor])) if (i >= 0 && this.placed[i]) mark(nodeLabel(this.data, i), this.place(i), true);
    const { clientWidth: width, clientHeight: height } = $("view");
    $("marks").replaceChildren(...marks.map(([text, x, y, , name]) => {
      const span = Object.assign(document.createElement("span"), { textContent: text, className: name ? "name" : "", dir: "auto" });
      const [left, top] = [Math.min(width - 18, Math.max(4, x + (name ? 10 : -6))), Math.min(height - 22, Math.max(2, y - 10))];
      span.style.transform = `translate(${left}px, ${top}px)`;
      return span;
    }));
  }
}
