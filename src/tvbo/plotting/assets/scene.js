// The brain: a translucent surface, balls for nodes, flat lines for connections, and who lies below the pointer.

const VIEWS = {
  left: [0, -1, 0, 0, 0, 1], right: [0, 1, 0, 0, 0, 1],
  top: [1, 0, 0, 0, 1, 0], bottom: [-1, 0, 0, 0, 1, 0],
  front: [-1, 0, 0, 0, 0, 1], back: [1, 0, 0, 0, 0, 1],
};
const KINDS = [null, "node", "vertex", "edge"];

class Scene {
  constructor(canvas, data) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
    if (!this.gl) throw new Error("This browser gives no WebGL 2, which the picture needs.");
    this.data = data;
    this.opacity = 0.3;
    this.background = [1, 1, 1];
    this.zoom = 1;
    this.shift = [0, 0];
    this.onDraw = () => {};
    this.slow = this.moving = this.crude = false;
    this.mesh = data.mesh ? decodeMesh(data) : null;
    this.measure();
    this.programs = {};
    for (const [name, sources] of Object.entries({ SURFACE, BALLS, LINES })) this.programs[name] = this.program(sources);
    this.quad = this.buffer(new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]));
    this.surface = this.mesh && this.surfaceArrays();
    this.balls = this.instances([["place", 4, Float32Array], ["color", 4, Uint8Array], ["index", 1, Float32Array]]);
    this.lines = this.instances([["from", 3, Float32Array], ["to", 3, Float32Array], ["color", 4, Uint8Array], ["width", 2, Float32Array]]);
    this.lookFrom("left");
    canvas.addEventListener("webglcontextlost", () => this.onLost?.());
  }

  // What fits the window, whatever its place in space.
  measure() {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (const points of [this.mesh?.positions, this.data.arrays.positions]) {
      for (let i = 0; points && i + 2 < points.length; i += 3) {
        if (!Number.isFinite(points[i] + points[i + 1] + points[i + 2])) continue;
        for (let k = 0; k < 3; k++) {
          low[k] = Math.min(low[k], points[i + k]);
          high[k] = Math.max(high[k], points[i + k]);
        }
      }
    }
    const known = low[0] <= high[0];
    this.low = known ? low : [-1, -1, -1];
    this.high = known ? high : [1, 1, 1];
    this.centre = this.low.map((value, k) => (value + this.high[k]) / 2);
    let farthest = 0;
    for (const points of [this.mesh?.positions, this.data.arrays.positions]) {
      for (let i = 0; points && i + 2 < points.length; i += 3) {
        const away = Math.hypot(points[i] - this.centre[0], points[i + 1] - this.centre[1], points[i + 2] - this.centre[2]);
        if (away > farthest && away < Infinity) farthest = away;
      }
    }
    this.radius = farthest || 1;
  }

  program([vertex, fragment]) {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    const at = (name) => gl.getUniformLocation(program, name);
    return { program, view: at("view"), projection: at("projection"), picking: at("picking"), opacity: at("opacity") };
  }

  buffer(values) {
    const gl = this.gl, buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    return buffer;
  }

  attribute(location, buffer, size, Type, divisor = 0) {
    const gl = this.gl, bytes = Type === Uint8Array;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, bytes ? gl.UNSIGNED_BYTE : gl.FLOAT, bytes, 0, 0);
    gl.vertexAttribDivisor(location, divisor);
  }

  surfaceArrays() {
    const gl = this.gl, { positions, triangles } = this.mesh;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    this.attribute(0, this.buffer(positions), 3, Float32Array);
    this.attribute(1, this.buffer(vertexNormals(positions, triangles)), 3, Float32Array);
    const color = this.buffer(new Uint8Array((positions.length / 3) * 4));
    this.attribute(2, color, 4, Uint8Array);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    const type = triangles instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT;
    return { array, color, fine: { type, length: triangles.length, start: 0 } };
  }

  // Without a graphics card a frame of a large surface takes seconds: then it is coarse while it moves, and if it is
  // very large, always.
  measureSpeed() {
    if (this.surface) this.addCoarse();
    const pixel = new Uint8Array(4), gl = this.gl;
    const milliseconds = [0, 1].map(() => {
      const began = performance.now();
      this.slow = this.moving = true;
      this.draw();
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return performance.now() - began;
    });
    this.moving = false;
    // The first one compiles.
    this.slow = milliseconds[1] > 20;
    const { fine, coarse } = this.surface ?? {};
    this.crude = this.slow && Boolean(coarse) && (milliseconds[1] * fine.length) / coarse.length > 1000;
    this.moved();
  }

  // Triangles between one vertex for each cell of a grid, behind the others in the same buffer.
  addCoarse() {
    const gl = this.gl, { positions, triangles } = this.mesh, grid = 48;
    const first = new Int32Array(grid ** 3).fill(-1), stands = new triangles.constructor(positions.length / 3);
    const cell = (2.001 * this.radius) / grid;
    for (let v = 0; v < stands.length; v++) {
      let at = 0;
      for (let k = 0; k < 3; k++) at = at * grid + Math.floor((positions[3 * v + k] - this.centre[k] + this.radius) / cell);
      stands[v] = first[at] < 0 ? (first[at] = v) : first[at];
    }
    const kept = [];
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [stands[triangles[t]], stands[triangles[t + 1]], stands[triangles[t + 2]]];
      if (a !== b && b !== c && c !== a) kept.push(a, b, c);
    }
    const both = new triangles.constructor(triangles.length + kept.length);
    both.set(triangles);
    both.set(kept, triangles.length);
    gl.bindVertexArray(this.surface.array);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, both, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    const start = triangles.length * triangles.BYTES_PER_ELEMENT;
    this.surface.coarse = { ...this.surface.fine, length: kept.length, start };
  }

  // The camera is turned: what is coarse now is drawn finely once it rests.
  turned() {
    this.moving = this.slow;
    this.moved();
  }

  rest() {
    this.moving = false;
    this.moved();
  }

  instances(attributes) {
    const gl = this.gl, array = gl.createVertexArray(), buffers = {};
    gl.bindVertexArray(array);
    this.attribute(0, this.quad, 2, Float32Array);
    attributes.forEach(([name, size, Type], i) => {
      buffers[name] = gl.createBuffer();
      this.attribute(i + 1, buffers[name], size, Type, 1);
    });
    gl.bindVertexArray(null);
    return { array, buffers, length: 0 };
  }

  fill(instances, values, length) {
    const gl = this.gl;
    for (const [name, array] of Object.entries(values)) {
      gl.bindBuffer(gl.ARRAY_BUFFER, instances.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, array, gl.DYNAMIC_DRAW);
    }
    instances.length = length;
    this.redraw();
  }

  paintSurface(colors) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.surface.color);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, colors, this.gl.DYNAMIC_DRAW);
    this.redraw();
  }

  lookFrom(name) {
    const [a, b, c, d, e, f] = VIEWS[name];
    this.axes = [a, b, c, d, e, f, b * f - c * e, c * d - a * f, a * e - b * d];
    this.moved();
  }

  turn(right, down) {
    const [cx, sx, cy, sy] = [Math.cos(right), Math.sin(right), Math.cos(down), Math.sin(down)];
    const [x, y, z] = [this.axes.slice(0, 3), this.axes.slice(3, 6), this.axes.slice(6)];
    const across = x.map((value, k) => cx * value + sx * z[k]);
    const towards = x.map((value, k) => cx * z[k] - sx * value);
    const up = y.map((value, k) => cy * value - sy * towards[k]);
    this.axes = [...across, ...up, ...towards.map((value, k) => cy * value + sy * y[k])];
    this.turned();
  }

  move(right, down) {
    const size = 2 / (this.scale() * this.canvas.clientHeight);
    this.shift[0] += right * size;
    this.shift[1] -= down * size;
    this.turned();
  }

  zoomBy(factor) {
    this.zoom = Math.min(40, Math.max(0.3, this.zoom * factor));
    this.turned();
  }

  // From a length in space to half the height of the window.
  scale() {
    const aspect = this.canvas.clientWidth / this.canvas.clientHeight || 1;
    return (this.zoom * Math.min(1, aspect)) / (this.radius * 1.08);
  }

  project(point) {
    const at = (k) => [0, 1, 2].reduce((sum, i) => sum + this.axes[3 * k + i] * (point[i] - this.centre[i]), 0);
    const size = (this.scale() * this.canvas.clientHeight) / 2;
    return [
      this.canvas.clientWidth / 2 + (at(0) + this.shift[0]) * size,
      this.canvas.clientHeight / 2 - (at(1) + this.shift[1]) * size,
      at(2),
    ];
  }

  matrices() {
    const a = this.axes, c = this.centre;
    const to = (k) => -(a[3 * k] * c[0] + a[3 * k + 1] * c[1] + a[3 * k + 2] * c[2]) + (k < 2 ? this.shift[k] : 0);
    const view = [a[0], a[3], a[6], 0, a[1], a[4], a[7], 0, a[2], a[5], a[8], 0, to(0), to(1), to(2), 1];
    const size = this.scale(), aspect = this.canvas.clientWidth / this.canvas.clientHeight || 1;
    return [view, [size / aspect, 0, 0, 0, 0, size, 0, 0, 0, 0, -1 / (this.radius * 2), 0, 0, 0, 0, 1]];
  }

  moved() {
    this.stale = true;
    this.redraw();
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  draw() {
    const gl = this.gl, canvas = this.canvas;
    const density = Math.min(2, window.devicePixelRatio || 1) * (this.slow && this.moving ? 0.5 : 1);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.max(1, Math.round(size * density)));
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
      this.stale = true;
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    gl.clearColor(...this.background, 1);
    this.paint(false);
    this.onDraw();
    clearTimeout(this.resting);
    // From the end of this frame, however long it took.
    if (this.moving) this.resting = setTimeout(() => this.rest(), 250);
  }

  paint(picking) {
    const gl = this.gl, [view, projection] = this.matrices();
    const use = (program) => {
      gl.useProgram(program.program);
      gl.uniformMatrix4fv(program.view, false, view);
      gl.uniformMatrix4fv(program.projection, false, projection);
      gl.uniform1i(program.picking, picking);
    };
    const drawAll = ({ array, length }, program) => {
      if (!length) return;
      use(program);
      gl.bindVertexArray(array);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, length);
    };
    const drawSurface = () => {
      if (!this.surface || this.opacity <= 0) return;
      use(this.programs.SURFACE);
      gl.uniform1f(this.programs.SURFACE.opacity, this.opacity);
      gl.bindVertexArray(this.surface.array);
      const rough = this.slow && (picking || this.moving);
      const { length, type, start } = ((rough || this.crude) && this.surface.coarse) || this.surface.fine;
      const draw = () => gl.drawElements(gl.TRIANGLES, length, type, start);
      if (picking || this.opacity >= 1) return draw();
      if (rough) {
        gl.enable(gl.CULL_FACE);
        gl.enable(gl.BLEND);
        gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
        draw();
        gl.disable(gl.BLEND);
        gl.disable(gl.CULL_FACE);
        return;
      }
      // Depth first, so that only the nearest sheet of the surface is mixed with what lies behind it.
      gl.colorMask(false, false, false, false);
      draw();
      gl.colorMask(true, true, true, true);
      gl.enable(gl.BLEND);
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
      gl.depthFunc(gl.EQUAL);
      draw();
      gl.depthFunc(gl.LESS);
      gl.disable(gl.BLEND);
    };
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LESS);
    gl.disable(gl.BLEND);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (picking) {
      drawSurface();
      // What is seen through the surface can be pointed at through it.
      if (this.opacity < 0.95) gl.clear(gl.DEPTH_BUFFER_BIT);
    }
    drawAll(this.lines, this.programs.LINES);
    if (!picking) gl.enable(gl.SAMPLE_ALPHA_TO_COVERAGE);
    drawAll(this.balls, this.programs.BALLS);
    gl.disable(gl.SAMPLE_ALPHA_TO_COVERAGE);
    if (!picking) drawSurface();
    gl.bindVertexArray(null);
  }

  // Who is there: {kind: "node", "vertex" or "edge", index}, or null. Drawn once for each change, then looked up.
  pick(x, y) {
    const gl = this.gl, [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    if (!this.target || this.target.width !== width || this.target.height !== height) this.makeTarget(width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target.frame);
    if (this.stale) {
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      this.paint(true);
      this.stale = false;
    }
    const pixel = new Uint8Array(4);
    gl.readPixels(Math.floor(x), height - 1 - Math.floor(y), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    const kind = KINDS[pixel[3]];
    return kind ? { kind, index: pixel[0] | (pixel[1] << 8) | (pixel[2] << 16) } : null;
  }

  makeTarget(width, height) {
    const gl = this.gl;
    if (this.target) {
      gl.deleteFramebuffer(this.target.frame);
      for (const part of this.target.parts) gl.deleteRenderbuffer(part);
    }
    const frame = gl.createFramebuffer(), parts = [];
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    for (const [format, place] of [[gl.RGBA8, gl.COLOR_ATTACHMENT0], [gl.DEPTH_COMPONENT24, gl.DEPTH_ATTACHMENT]]) {
      const part = gl.createRenderbuffer();
      gl.bindRenderbuffer(gl.RENDERBUFFER, part);
      gl.renderbufferStorage(gl.RENDERBUFFER, format, width, height);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, place, gl.RENDERBUFFER, part);
      parts.push(part);
    }
    this.target = { frame, parts, width, height };
    this.stale = true;
  }
}

function decodeMesh(data) {
  const { offset, step } = data.mesh, steps = data.arrays.vertices;
  const positions = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) positions[i] = offset[i % 3] + step[i % 3] * steps[i];
  return { positions, triangles: data.arrays.triangles };
}

function vertexNormals(p, triangles) {
  const normals = new Float32Array(p.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = 3 * triangles[t], b = 3 * triangles[t + 1], c = 3 * triangles[t + 2];
    const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
    const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
    const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
    for (const k of [a, b, c]) {
      normals[k] += nx;
      normals[k + 1] += ny;
      normals[k + 2] += nz;
    }
  }
  return normals;
}
