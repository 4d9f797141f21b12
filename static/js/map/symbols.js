/**
 * Symbols for protomaps-leaflet, drawn on its canvas: double lines, shapes, sectors, labels of one or more lines.
 *
 * A paint symbol has draw(ctx, geom, z, feature), a label symbol place(layout, geom, feature); geometry comes in
 * CSS pixels of the tile.
 */

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{props: Record<string, any>, bbox: {minX: number, minY: number, maxX: number, maxY: number}, geomType: number}} Feature */
/** @typedef {"circle" | "square" | "diamond" | "triangle" | "ring" | "cross"} Shape */

export const FONT = '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';

/**
 * Trace a shape around a point.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Shape} shape
 * @param {Point} at
 * @param {number} r half the width in px
 */
export function traceShape(ctx, shape, { x, y }, r) {
  ctx.beginPath();
  if (shape === "square") ctx.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (shape === "diamond") polygon(ctx, [[x, y - r * 1.25], [x + r * 1.25, y], [x, y + r * 1.25], [x - r * 1.25, y]]);
  else if (shape === "triangle") polygon(ctx, [[x, y - r * 1.2], [x + r * 1.15, y + r * 0.9], [x - r * 1.15, y + r * 0.9]]);
  else ctx.arc(x, y, r, 0, 2 * Math.PI);
}

/**
 * A point drawn as a shape.
 * @param {(props: Record<string, any>, z: number) => {shape: Shape, r: number, fill: string, edge: string, alpha?: number}} look
 */
export function shapeSymbol(look) {
  return {
    /** @type {(ctx: CanvasRenderingContext2D, geom: Point[][], z: number, f: Feature) => void} */
    draw(ctx, geom, z, f) {
      const { shape, r, fill, edge, alpha = 1 } = look(f.props, z);
      ctx.globalAlpha = alpha;
      for (const point of geom.flat()) drawShape(ctx, { shape, r, fill, edge }, point);
      ctx.globalAlpha = 1;
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {{shape: Shape, r: number, fill: string, edge: string}} look
 * @param {Point} at
 */
function drawShape(ctx, { shape, r, fill, edge }, at) {
  traceShape(ctx, shape, at, r);
  ctx.lineWidth = shape === "ring" ? 2.5 : 1.5;
  ctx.fillStyle = shape === "ring" ? edge : fill;
  ctx.strokeStyle = shape === "ring" ? fill : edge;
  ctx.fill();
  ctx.stroke();
}

/**
 * Areas filled and outlined.
 * @param {(props: Record<string, any>, z: number) => {fill?: string | null, line?: string | null, width?: number, dash?: number[]}} look
 */
export function areaSymbol(look) {
  return {
    /** @type {(ctx: CanvasRenderingContext2D, geom: Point[][], z: number, f: Feature) => void} */
    draw(ctx, geom, z, f) {
      const { fill, line, width = 1, dash = [] } = look(f.props, z);
      trace(ctx, geom);
      ctx.globalAlpha = 1;
      if (fill) {
        ctx.fillStyle = fill;
        ctx.fill("evenodd");
      }
      if (line) strokeWith(ctx, line, width, dash);
    },
  };
}

/**
 * Lines with width and colour by feature.
 * @param {(props: Record<string, any>, z: number) => {line: string, width: number, dash?: number[], cap?: CanvasLineCap}} look
 */
export function lineSymbol(look) {
  return {
    /** @type {(ctx: CanvasRenderingContext2D, geom: Point[][], z: number, f: Feature) => void} */
    draw(ctx, geom, z, f) {
      const { line, width, dash = [], cap = "round" } = look(f.props, z);
      if (width <= 0) return;
      trace(ctx, geom);
      ctx.globalAlpha = 1;
      ctx.lineCap = cap;
      ctx.lineJoin = "round";
      strokeWith(ctx, line, width, dash);
    },
  };
}

/**
 * A camera: a sector in its direction, below it a dot.
 * @param {(props: Record<string, any>, z: number) => {colour: string, edge: string, r: number, reach: number, open: boolean}} look
 */
export function cameraSymbol(look) {
  return {
    /** @type {(ctx: CanvasRenderingContext2D, geom: Point[][], z: number, f: Feature) => void} */
    draw(ctx, geom, z, f) {
      const { colour, edge, r, reach, open } = look(f.props, z);
      for (const point of geom.flat()) {
        if (reach > 0) drawSector(ctx, point, f.props, { colour, reach });
        drawShape(ctx, { shape: open ? "ring" : "circle", r, fill: colour, edge }, point);
      }
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {Record<string, any>} props bearing and fov in degrees; bearings run clockwise from north
 * @param {{colour: string, reach: number}} look
 */
function drawSector(ctx, { x, y }, props, { colour, reach }) {
  if (typeof props.bearing !== "number") return;
  const half = ((props.fov || 60) * Math.PI) / 360;
  const middle = ((props.bearing - 90) * Math.PI) / 180;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.arc(x, y, reach, middle - half, middle + half);
  ctx.closePath();
  ctx.globalAlpha = 0.35;
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.globalAlpha = 1;
}

/**
 * Text on a point, one or more lines, centred, with a halo. Collisions are settled by the labeler.
 * @param {object} options
 * @param {(props: Record<string, any>, z: number) => string[]} options.lines nothing to write: an empty list
 * @param {(props: Record<string, any>, z: number) => {size: number, colour: string, halo: string | null, weight?: number}} options.look
 * @param {number} [options.down] px below the point
 * @param {(props: Record<string, any>) => string} [options.once] a key: the same key is written once nearby
 * @param {number} [options.pad] px kept free around the text
 * @param {(props: Record<string, any>) => number} [options.around] radius in px of what the text stands on: kept free as well
 */
export function textSymbol({ lines, look, down = 0, once, pad = 3, around = () => 0 }) {
  return {
    /** @type {(layout: {zoom: number, scratch: CanvasRenderingContext2D}, geom: Point[][], f: Feature) => any} */
    place(layout, geom, f) {
      const rows = lines(f.props, layout.zoom).filter(Boolean);
      if (rows.length === 0) return undefined;
      const { size, colour, halo, weight = 500 } = look(f.props, layout.zoom);
      const font = `${weight} ${size}px ${FONT}`;
      layout.scratch.font = font;
      const anchor = f.geomType === 3 ? middleOf(geom) : geom[0][0];
      const width = Math.max(...rows.map((row) => layout.scratch.measureText(row).width));
      const height = size * 1.25 * rows.length;
      const top = down > 0 ? down : -height / 2;
      const r = around(f.props);
      const half = Math.max(width / 2 + pad, r);
      const draw = (/** @type {CanvasRenderingContext2D} */ ctx) => writeRows(ctx, rows, { font, size, colour, halo, top });
      return [{
        anchor: Object.assign(Object.create(Object.getPrototypeOf(geom[0][0])), anchor),
        bboxes: [{
          minX: anchor.x - half, maxX: anchor.x + half,
          minY: anchor.y + Math.min(top - pad, -r), maxY: anchor.y + Math.max(top + height + pad, r),
        }],
        draw,
        ...(once ? { deduplicationKey: once(f.props), deduplicationDistance: 400 } : {}),
      }];
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string[]} rows
 * @param {{font: string, size: number, colour: string, halo: string | null, top: number}} look
 */
function writeRows(ctx, rows, { font, size, colour, halo, top }) {
  ctx.globalAlpha = 1;
  ctx.font = font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = 3.5;
  if (halo) ctx.strokeStyle = halo;
  ctx.fillStyle = colour;
  rows.forEach((row, i) => {
    const y = top + size * 1.25 * (i + 0.5);
    if (halo) ctx.strokeText(row, 0, y);
    ctx.fillText(row, 0, y);
  });
}

/**
 * @param {Point[][]} geom
 * @returns {Point} the middle of the largest ring's box: enough to place a label, not a centroid
 */
function middleOf(geom) {
  const boxes = geom.map((ring) => {
    const xs = ring.map((p) => p.x);
    const ys = ring.map((p) => p.y);
    return { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
  });
  const size = (/** @type {typeof boxes[0]} */ b) => (b.x1 - b.x0) * (b.y1 - b.y0);
  const box = boxes.reduce((best, b) => (size(b) > size(best) ? b : best));
  return { x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point[][]} geom
 */
function trace(ctx, geom) {
  ctx.beginPath();
  for (const part of geom) polygon(ctx, part.map((p) => [p.x, p.y]), false);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number[][]} points
 * @param {boolean} [close]
 */
function polygon(ctx, points, close = true) {
  points.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  if (close) ctx.closePath();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} line
 * @param {number} width
 * @param {number[]} dash
 */
function strokeWith(ctx, line, width, dash) {
  ctx.strokeStyle = line;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  ctx.stroke();
  if (dash.length) ctx.setLineDash([]);
}
