// Where a picture lies in its pane. Every map is a similarity [a, b, e, f]: x' = a x - b y + e, y' = b x + a y + f;
// it turns, scales alike in both directions and shifts, and can neither mirror nor stretch a face.

/** The map that applies `inner` first, then `outer`. */
export const compose = ([a, b, e, f], [c, d, g, h]) => [
  a * c - b * d, b * c + a * d, a * g - b * h + e, b * g + a * h + f,
];

/** The place of point [x, y] under a map. */
export const apply = ([a, b, e, f], [x, y]) => [a * x - b * y + e, b * x + a * y + f];

/** The point that a map puts at [x, y]. */
export const unapply = ([a, b, e, f], [x, y]) => {
  const size = a * a + b * b;
  return [(a * (x - e) + b * (y - f)) / size, (a * (y - f) - b * (x - e)) / size];
};

/** How many pixels of the pane one pixel of the picture takes. */
export const scaleOf = ([a, b]) => Math.hypot(a, b);

/** How far a map turns, in degrees clockwise. */
export const turnOf = ([a, b]) => (Math.atan2(b, a) * 180) / Math.PI;

/** The value of an SVG transform attribute. */
export const matrix = ([a, b, e, f]) => `matrix(${[a, b, -b, a, e, f].map((n) => +n.toFixed(6)).join(" ")})`;

/** Turn by degrees and scale about a centre, then shift. */
export const about = ([x, y], degrees, scale, [right, down]) => {
  const angle = (degrees * Math.PI) / 180;
  const a = scale * Math.cos(angle);
  const b = scale * Math.sin(angle);
  return [a, b, x + right - (a * x - b * y), y + down - (b * x + a * y)];
};

/** Where the middle between the eyes lies in a pane, and how far apart the eyes are, both before any zoom. */
export const anchor = ({ width, height }) => ({
  centre: [width / 2, height * 0.42],
  apart: 0.26 * Math.min(width, height * 0.8),
});

/** A picture's own map: its eyes at the anchor and, if `level`, level; without eyes the whole picture, centred. */
export const place = ({ size, eyes }, pane, level) => {
  const { centre, apart } = anchor(pane);
  if (!eyes) {
    const scale = Math.min(pane.width / size[0], pane.height / size[1]);
    return [scale, 0, (pane.width - scale * size[0]) / 2, (pane.height - scale * size[1]) / 2];
  }
  const [[x1, y1], [x2, y2]] = eyes;
  const scale = apart / Math.max(1, Math.hypot(x2 - x1, y2 - y1));
  const angle = level ? -Math.atan2(y2 - y1, x2 - x1) : 0;
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return [a, b, centre[0] - (a * x - b * y), centre[1] - (b * x + a * y)];
};
