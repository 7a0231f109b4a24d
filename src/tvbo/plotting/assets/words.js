// What the page says of nodes, vertices, connections and cells.

class Words extends Coloring {
  tellNode(i) {
    const lines = [nodeLabel(this.data, i)], { unit, circle } = this.data, choice = this.colors[this.chosen];
    if (!circle && this.placed[i]) lines.push(`right, front, up: ${[...this.place(i)].map((x) => number(Math.round(10 * x) / 10)).join(", ")} ${unit}`);
    if (this.data.edges) {
      const strength = this.data.fields[0];
      lines.push(`strength ${withUnit(this.arrays[strength.array][i], strength.unit)}, ${this.tellCount(i)}`);
    }
    const value = choice.valueAt?.("node", i);
    if (value !== undefined && choice.field !== this.data.fields[0]) lines.push(`${choice.name}: ${choice.tell(value)}`);
    return lines.join("\n");
  }

  tellCount(i) {
    const part = this.arrays.edges.length < this.data.edges.total ? " of those that this page carries" : "";
    const n = this.connectionsOf(i).length;
    return `${count(n)} connection${n === 1 ? "" : "s"}${part}`;
  }

  tellVertex(v) {
    const region = this.arrays.regions ? this.arrays.regions[v] : -1, choice = this.colors[this.chosen];
    const place = [...this.mesh.positions.subarray(3 * v, 3 * v + 3)].map((x) => number(Math.round(10 * x) / 10)).join(", ");
    if (region >= 0 && !this.data.regionLabels) {
      const lines = [this.tellNode(region)];
      const value = choice.field?.on === "nodes" ? undefined : choice.valueAt?.("vertex", v);
      if (value !== undefined) lines.push(`vertex ${v}, ${choice.name}: ${choice.tell(value)}`);
      return lines.join("\n");
    }
    const lines = [region >= 0 ? regionLabel(this.data, region) : `vertex ${v}`, `right, front, up: ${place} ${this.data.unit}`];
    const value = choice.valueAt?.("vertex", v);
    if (value !== undefined) lines.push(`${choice.name}: ${choice.tell(value)}`);
    return lines.join("\n");
  }

  tellEdge(k) {
    const [i, j] = this.ends(k), { name, unit } = this.data.edges;
    const lines = [`${nodeLabel(this.data, i)} – ${nodeLabel(this.data, j)}`];
    const full = this.data.matrices.filter((matrix) => matrix.ofNodes && matrix.rows === 1 && matrix.columns === 1);
    for (const matrix of full) {
      const values = this.arrays[matrix.array], n = matrix.shape[1], [to, from] = [values[i * n + j], values[j * n + i]];
      const both = Object.is(to, from) ? withUnit(to, matrix.unit) : `${withUnit(from, matrix.unit)} there, ${withUnit(to, matrix.unit)} back`;
      lines.push(`${matrix.name}: ${both}`);
    }
    if (!full.length) lines.push(`${name}: ${withUnit(this.arrays.edges[k], unit)}`);
    return lines.join("\n");
  }

  tellCell(cell) {
    const { matrix } = this.heatmap;
    const range = (at, size, total, label) => {
      const first = at * size, last = Math.min(total, first + size) - 1;
      return first === last ? label(first) : `${label(first)} … ${label(last)} (${last - first + 1})`;
    };
    const row = range(cell.row, matrix.rows, matrix.shape[0], (i) => nodeLabel(this.data, i));
    const column = range(cell.column, matrix.columns, matrix.shape[1], (j) => this.columnLabel(j));
    const value = withUnit(this.heatmap.value(cell), matrix.unit);
    const mean = matrix.rows > 1 || matrix.columns > 1 ? "mean " : "";
    const [to, from] = matrix.ofNodes ? ["to", "from"] : ["row", "column"];
    return `${to} ${row}\n${from} ${column}\n${mean}${matrix.name}: ${value}`;
  }

  columnLabel(j) {
    const { matrix } = this.heatmap;
    if (matrix.columnLabels) return matrix.columnLabels[j];
    if (matrix.ofNodes) return nodeLabel(this.data, j);
    return this.data.gain?.on === "vertices" ? `vertex ${j}` : `column ${j}`;
  }

  tellShown() {
    if (!this.data.edges) return;
    const shown = this.shown(), held = this.arrays.edges.length, asked = Math.min(this.count, held);
    const ties = shown > asked ? ": ties" : "";
    $("shown").textContent = `${count(asked)} asked, ${count(shown)} shown${ties}; of ${count(this.data.edges.total)}`;
    $("count").value = this.count;
    // By the square, so that few connections can be chosen exactly.
    $("count-slider").value = 1000 * Math.sqrt(asked / Math.max(1, held));
    $("count-slider").setAttribute("aria-valuetext", $("shown").textContent);
  }

  say(text) {
    $("status").textContent = text;
  }

  overview() {
    const { data } = this, parts = [];
    if (data.sensors) parts.push(`${count(data.sensors)} sensors`);
    if (data.nodes > data.sensors) parts.push(`${count(data.nodes - data.sensors)} ${data.sensors ? "sources" : "nodes"}`);
    if (data.edges) parts.push(`${count(data.edges.total)} connections`);
    if (this.mesh) parts.push(`${count(this.mesh.positions.length / 3)} vertices`);
    return `${parts.join(", ")}. ${data.circle ? "" : data.frame}`;
  }
}
