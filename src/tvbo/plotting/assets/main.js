// What people do, and the start.

const viewNames = Object.keys(VIEWS);

function wire(viewer) {
  const { data, scene, heatmap } = viewer;
  for (const name of viewNames) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", () => scene.lookFrom(name));
    $("views").append(button);
  }
  options($("color-by"), viewer.colors.map((choice, i) => [i, choice.name]));
  options($("map"), Object.keys(MAPS).map((name) => [name, name]));
  $("edge-controls").hidden = $("edges-label").hidden = !data.edges;
  $("opacity-row").hidden = !viewer.mesh;
  $("nodes-label").hidden = $("search-row").hidden = !data.nodes;
  $("nodes-label").lastChild.textContent = data.sensors ? " sensors" : " nodes";
  data.notes.forEach((text) => viewer.note(text));
  $("matrix").hidden = $("toggle-matrix").hidden = !heatmap;
  $("color-by").addEventListener("change", () => viewer.setColor(Number($("color-by").value)));
  $("map").addEventListener("change", () => viewer.recolor());
  $("count").max = viewer.arrays.edges?.length ?? 0;
  $("count").addEventListener("input", () => viewer.setCount($("count").value));
  $("count-slider").addEventListener("input", () => viewer.setCount(viewer.arrays.edges.length * ($("count-slider").value / 1000) ** 2));
  $("opacity").addEventListener("input", () => viewer.setOpacity($("opacity").value));
  for (const id of ["show-nodes", "show-edges"]) $(id).addEventListener("change", () => viewer.recolor());
  $("release").addEventListener("click", () => viewer.release());
  $("show-help").addEventListener("click", () => $("help").showModal());
  const names = Array.from({ length: data.nodes }, (_, i) => nodeLabel(data, i));
  new Search($("search"), $("found"), names, (i) => viewer.isolate(i));
  if (data.gain) {
    $("sensor-row").hidden = false;
    options($("sensor"), names.slice(0, data.gain.rows).map((name, i) => [i, name]));
    $("sensor").addEventListener("change", () => viewer.setSensor(Number($("sensor").value)));
  }
  if (data.shift) {
    $("shift-row").hidden = false;
    $("shift-told").textContent = `sensors moved ${number(Math.round(Math.hypot(...data.shift)))} ${data.unit} onto the sources`;
    $("shift").addEventListener("change", () => viewer.shiftSensors($("shift").checked ? 1 : -1));
  }
  if (heatmap) wireHeatmap(viewer);
  watchPanel($("toggle-controls"), $("controls"), () => scene.moved());
  watchPanel($("toggle-matrix"), $("matrix"), () => heatmap?.draw());
  watchPointers($("view"), scene, (place, event) => viewer.point(place, event), (place) => viewer.click(place));
  new ResizeObserver(() => scene.moved()).observe($("view"));
  scene.onDraw = () => viewer.drawMarks();
  scene.onLost = () => Object.assign($("message"), { hidden: false, textContent: "The graphics card gave up. Reload the page." });
  document.addEventListener("keydown", (event) => onKey(viewer, event));
}

function wireHeatmap(viewer) {
  const { data, heatmap } = viewer;
  options($("which"), data.matrices.map((matrix, i) => [i, matrix.name]));
  const show = () => {
    heatmap.show(data.matrices[Number($("which").value)], new Ramp([], { map: "viridis", missing: [0, 0, 0] }));
    viewer.recolor();
  };
  $("which").addEventListener("change", show);
  $("log").addEventListener("change", () => {
    viewer.log = $("log").checked;
    viewer.recolor();
  });
  heatmap.onCell = (cell) => {
    $("cell").textContent = cell ? viewer.tellCell(cell) : "";
    viewer.drawEdges();
    viewer.drawNodes();
  };
  heatmap.onPick = (cell) => {
    if (cell && heatmap.matrix.rows === 1) viewer.isolate(cell.row);
  };
  new ResizeObserver(() => heatmap.draw()).observe($("heatmap"));
}

function onKey(viewer, event) {
  const { scene } = viewer, inField = event.target.closest?.("input, select, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if (event.key === "Escape") {
    viewer.release();
    if (inField) $("view").focus();
    return;
  }
  // In a field keys mean what is typed; a slider and a list have keys of their own.
  if (inField && event.target.type !== "checkbox") return;
  const onCanvas = event.target === $("view") || event.target === document.body;
  const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (arrow) {
    if (!onCanvas) return;
    event.preventDefault();
    return event.shiftKey ? scene.move(24 * arrow[0], 24 * arrow[1]) : scene.turn(0.12 * arrow[0], 0.12 * arrow[1]);
  }
  const few = (factor, least) => viewer.setCount(factor > 1 ? Math.max(viewer.count + least, viewer.count * factor) : viewer.count * factor);
  const actions = {
    "+": () => scene.zoomBy(1.15), "=": () => scene.zoomBy(1.15), "-": () => scene.zoomBy(1 / 1.15),
    r: () => firstView(viewer), n: () => viewer.step(1), p: () => viewer.step(-1),
    "/": () => viewer.data.nodes && $("search").focus(),
    "[": () => few(0.8, 0), "]": () => few(1.25, 5),
    o: () => viewer.setOpacity(100 * scene.opacity - 10), O: () => viewer.setOpacity(100 * scene.opacity + 10),
    c: () => viewer.setColor(viewer.chosen + 1),
    m: () => viewer.heatmap && $("toggle-matrix").click(), t: () => $("theme").click(), "?": () => $("help").showModal(),
  };
  viewNames.forEach((name, i) => { actions[String(i + 1)] = () => scene.lookFrom(name); });
  if (event.key === "Enter" && onCanvas && viewer.node >= 0) return viewer.isolate(viewer.node);
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

function firstView(viewer) {
  const { scene, data } = viewer;
  [scene.zoom, scene.shift] = [1, [0, 0]];
  scene.lookFrom(data.circle ? "back" : "left");
  if (!data.circle) scene.turn(0.72, 0.3);
}

async function start() {
  const began = performance.now();
  const data = await unpack($("data").textContent);
  $("data").remove();
  const viewer = new Viewer(data);
  wire(viewer);
  watchTheme((theme) => {
    viewer.theme = theme;
    if (viewer.started) viewer.recolor();
  });
  if (viewer.heatmap) viewer.heatmap.show(data.matrices[0], new Ramp([], { map: "viridis", missing: [0, 0, 0] }));
  viewer.log = $("log").checked = viewer.isSkewed();
  viewer.started = true;
  // Balls on every vertex would hide the surface.
  $("show-nodes").checked = data.nodes <= 5000;
  viewer.setColor(0);
  viewer.setOpacity(data.gain || !data.nodes ? 100 : 30);
  viewer.setCount(data.count);
  firstView(viewer);
  viewer.say(viewer.overview());
  $("message").hidden = true;
  viewer.scene.measureSpeed();
  if (viewer.scene.crude) viewer.note("Without a graphics card so large a surface is drawn coarsely.");
  viewer.scene.draw();
  viewer.milliseconds = performance.now() - began;
  window.viewer = viewer;
  document.documentElement.dataset.state = "ready";
}

start().catch((error) => {
  document.documentElement.dataset.state = "failed";
  Object.assign($("message"), { hidden: false, textContent: error.message });
});
