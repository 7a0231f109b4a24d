// Programs of the graphics card. In the pass for picking, a pixel holds who it belongs to instead of its colour.

const HEAD = `#version 300 es
precision highp float;
precision highp int;
uniform mat4 view;
uniform mat4 projection;
uniform bool picking;
vec4 identity(int i, int kind) {
  return vec4(float(i & 255), float((i >> 8) & 255), float((i >> 16) & 255), float(kind)) / 255.0;
}
const vec3 LIGHT = vec3(-0.33, 0.45, 0.83);
`;

const SURFACE = [
  `${HEAD}
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 color;
out vec3 facing;
out vec3 shade;
flat out int vertex;
void main() {
  facing = mat3(view) * normal;
  shade = color.rgb;
  vertex = gl_VertexID;
  gl_Position = projection * (view * vec4(position, 1.0));
}`,
  `${HEAD}
uniform float opacity;
in vec3 facing;
in vec3 shade;
flat in int vertex;
out vec4 pixel;
void main() {
  if (picking) { pixel = identity(vertex, 2); return; }
  vec3 n = normalize(facing);
  float light = 0.42 + 0.58 * max(dot(n, LIGHT), 0.0);
  // A translucent surface is denser where it is seen edge-on, which shows its form.
  float rim = (1.0 - opacity) * 0.5 * pow(1.0 - abs(n.z), 2.0);
  pixel = vec4(shade * light, opacity + rim);
}`,
];

const BALLS = [
  `${HEAD}
layout(location = 0) in vec2 corner;
layout(location = 1) in vec4 place;
layout(location = 2) in vec4 color;
layout(location = 3) in float index;
out vec2 at;
out vec3 shade;
out vec3 centre;
flat out float radius;
flat out int node;
void main() {
  at = corner;
  shade = color.rgb;
  radius = place.w;
  node = int(index);
  centre = (view * vec4(place.xyz, 1.0)).xyz;
  gl_Position = projection * vec4(centre + vec3(corner * radius, 0.0), 1.0);
}`,
  `${HEAD}
in vec2 at;
in vec3 shade;
in vec3 centre;
flat in float radius;
flat in int node;
out vec4 pixel;
void main() {
  float r2 = dot(at, at);
  if (r2 > 1.0) discard;
  float z = sqrt(1.0 - r2);
  vec4 point = projection * vec4(centre.xy, centre.z + z * radius, 1.0);
  gl_FragDepth = 0.5 * point.z / point.w + 0.5;
  if (picking) { pixel = identity(node, 1); return; }
  float light = max(dot(vec3(at, z), LIGHT), 0.0);
  // The dark rim parts a ball from one of the same colour behind it.
  pixel = vec4((shade * (0.45 + 0.55 * light) + 0.25 * pow(light, 30.0)) * smoothstep(0.0, 0.35, z), 1.0);
  pixel.a = 1.0 - smoothstep(1.0 - fwidth(r2), 1.0, r2);
}`,
];

const LINES = [
  `${HEAD}
layout(location = 0) in vec2 corner;
layout(location = 1) in vec3 from;
layout(location = 2) in vec3 to;
layout(location = 3) in vec4 color;
layout(location = 4) in vec2 widthAndIndex;
out vec3 shade;
out float across;
flat out int edge;
void main() {
  vec3 a = (view * vec4(from, 1.0)).xyz;
  vec3 b = (view * vec4(to, 1.0)).xyz;
  vec2 along = b.xy - a.xy;
  along = dot(along, along) > 0.0 ? normalize(along) : vec2(1.0, 0.0);
  vec3 here = mix(a, b, 0.5 * corner.x + 0.5);
  // A line is easier to point at than it is wide.
  here.xy += vec2(-along.y, along.x) * corner.y * widthAndIndex.x * (picking ? 2.0 : 1.0);
  // Lines that lie in one plane, as those of a circle do, would flicker: each is a little above the one before.
  here.z += widthAndIndex.x * (1.0 - 0.001 * mod(widthAndIndex.y, 1000.0));
  shade = color.rgb;
  across = corner.y;
  edge = int(widthAndIndex.y);
  gl_Position = projection * vec4(here, 1.0);
}`,
  `${HEAD}
in vec3 shade;
in float across;
flat in int edge;
out vec4 pixel;
void main() {
  if (picking) { pixel = identity(edge, 3); return; }
  // At the rim a sample may lie outside, and the root would be of a negative number.
  pixel = vec4(shade * (0.7 + 0.3 * sqrt(max(0.0, 1.0 - across * across))), 1.0);
}`,
];
