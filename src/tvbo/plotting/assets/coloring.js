// The colours of nodes, vertices, connections and the heatmap.

class Coloring {
  // What can be chosen to colour by; each gives a colour for a node and for a vertex, and a value to tell.
  colorChoices() {
    const { data, arrays } = this, regions = arrays.regions;
    const own = !data.regionLabels;
    const palette = (i) => [...arrays.palette.subarray(3 * i, 3 * i + 3)];
    const choices = [];
    if (data.gain) choices.push(...this.gainChoices());
    if ((regions || data.nodes) && arrays.palette.length <= 3 * 400) {
      choices.push({
        name: "region", told: "One colour for each region; its name is told where the pointer is.",
        ofNode: (i) => (own && i >= data.sensors ? palette(i) : this.missing),
        ofVertex: (v) => (regions && regions[v] >= 0 ? palette(regions[v]) : this.missing),
      });
      if (!regions) Object.assign(choices.at(-1), { name: "node", told: "One colour for each node." });
    }
    for (const field of data.fields) choices.push(this.fieldChoice(field, regions, own));
    choices.push({ name: "nothing", ofNode: () => this.missing, ofVertex: () => this.missing });
    return choices;
  }

  fieldChoice(field, regions, own) {
    const values = this.arrays[field.array], onNodes = field.on === "nodes";
    const atVertex = onNodes ? (v) => (regions && own && regions[v] >= 0 ? values[regions[v]] : NaN) : (v) => values[v];
    const spread = onNodes && regions && own;
    const choice = {
      name: onNodes || !this.data.nodes ? field.name : `${field.name} (vertices)`,
      unit: field.unit, field,
      valueAt: (kind, i) => (kind === "vertex" ? atVertex(i) : onNodes ? values[i] : NaN),
      tell: (value) => (field.categories ? field.categories[value] ?? "no value" : withUnit(value, field.unit)),
    };
    if (field.categories) {
      const colors = CATEGORIES.split(" ").map(rgb);
      choice.categories = field.categories.map((name, i) => [name, colors[i % colors.length]]);
      const color = (value) => choice.categories[value]?.[1] ?? this.missing;
      return { ...choice, ofNode: (i) => (onNodes ? color(values[i]) : this.missing), ofVertex: (v) => color(atVertex(v)) };
    }
    return {
      ...choice, values: () => values, robust: !onNodes,
      ofNode: (i) => (onNodes ? this.ramp.color(values[i]) : this.missing),
      ofVertex: (v) => (onNodes && !spread ? this.missing : this.ramp.color(atVertex(v))),
    };
  }

  gainChoices() {
    const { gain, sensors } = this.data, { gain_total: total, gain: rows, gain_low: low, gain_step: step } = this.arrays;
    const sources = total.length, onVertices = gain.on === "vertices";
    const sum = Float64Array.from(total, (share) => share * gain.largest);
    const ofSensor = () => {
      const row = Float64Array.from({ length: sources }, (_, j) => {
        const steps = rows[this.sensor * sources + j];
        return steps === gain.blank ? NaN : low[this.sensor] + steps * step[this.sensor];
      });
      return row;
    };
    const choice = (name, values, extra) => ({
      name, values, unit: gain.unit, robust: true, ...extra,
      ofNode: (i) => (onVertices || i < sensors ? this.missing : this.ramp.color(this.current[i - sensors])),
      ofVertex: (v) => (onVertices ? this.ramp.color(this.current[v]) : this.missing),
      valueAt: (kind, i) => {
        const source = kind === "vertex" ? (onVertices ? i : -1) : onVertices ? -1 : i - sensors;
        return source < 0 ? undefined : this.current[source];
      },
      tell: (value) => withUnit(value, gain.unit),
    });
    return [
      choice("sum of |gain|", () => sum, { isSum: true }),
      choice("one sensor", ofSensor, { isGain: true }),
    ];
  }

  recolor() {
    const choice = this.colors[this.chosen];
    this.missing = NO_VALUE[this.theme];
    this.sensorColor = this.theme === "dark" ? [235, 235, 240] : [70, 76, 84];
    this.accent = this.theme === "dark" ? [255, 180, 84] : [213, 60, 0];
    this.scene.background = rgb(this.theme === "dark" ? "14171a" : "ffffff").map((value) => value / 255);
    if (choice.isGain && this.sensor < 0) this.sensor = 0;
    this.current = choice.values?.();
    const map = $("map").value, missing = this.missing;
    this.ramp = this.current ? new Ramp(this.current, { map, missing, robust: choice.robust }) : null;
    // What is strong stands out from the page: dark on light, light on dark.
    const reversed = this.theme === "light";
    if (this.data.edges) this.edgeRamp = this.makeEdgeRamp({ map, missing, reversed });
    if (this.mesh) this.paintSurface(choice);
    this.drawEdges();
    this.drawNodes();
    if (this.heatmap?.matrix) {
      this.heatmapRamp = new Ramp(this.heatmap.values, { map, missing, reversed, log: this.log });
      this.heatmap.paint(this.heatmapRamp);
      const { name, unit } = this.heatmap.matrix;
      $("heatmap-legend").replaceChildren(this.heatmapRamp.bar(unit ? `${name} [${unit}]` : name));
    }
    this.drawLegend(choice);
  }

  makeEdgeRamp(style) {
    const values = this.arrays.edges, log = this.log && values.every((value) => value > 0);
    return new Ramp(log ? values : [0, ...values], { ...style, log });
  }

  // Where most connections are hundreds of times weaker than the strongest, only the logarithm tells them apart.
  isSkewed() {
    const values = this.arrays.edges;
    if (!values?.length || values.some((value) => value <= 0)) return false;
    return values[values.length >> 1] < 0.05 * values[0];
  }

  get mesh() {
    return this.scene.mesh;
  }

  paintSurface(choice) {
    const n = this.mesh.positions.length / 3, regions = this.arrays.regions, colors = new Uint8Array(4 * n);
    const near = this.isolated >= 0 && regions && !this.data.regionLabels;
    const kept = near ? new Set([this.isolated, ...this.connectionsOf(this.isolated).flatMap((k) => this.ends(k))]) : null;
    for (let v = 0; v < n; v++) {
      const [r, g, b] = kept && !kept.has(regions[v]) ? this.missing : choice.ofVertex(v);
      colors[4 * v] = r;
      colors[4 * v + 1] = g;
      colors[4 * v + 2] = b;
      colors[4 * v + 3] = 255;
    }
    this.scene.paintSurface(colors);
  }

  drawLegend(choice) {
    const parts = [];
    const title = choice.isGain ? `gain of ${nodeLabel(this.data, this.sensor)}` : choice.name;
    if (choice.categories) {
      const box = Object.assign(document.createElement("div"), { className: "bar", textContent: `${choice.name}: ` });
      box.append(...choice.categories.map(([name, color]) => swatch(color, name)));
      parts.push(box);
    } else if (this.ramp) {
      parts.push(this.ramp.bar(choice.unit ? `${title} [${choice.unit}]` : title));
    } else if (choice.told) {
      parts.push(Object.assign(document.createElement("div"), { className: "bar", textContent: choice.told }));
    }
    if (this.data.edges && $("show-edges").checked) {
      const { name, unit } = this.data.edges;
      parts.push(this.edgeRamp.bar(`connections: ${name}${unit ? ` [${unit}]` : ""}`));
    }
    $("legend").replaceChildren(...parts);
  }
}
