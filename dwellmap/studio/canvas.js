// A picture or a plan on which points and outlines are set: the part of the studio for which a round trip to the
// server would be slow. It knows no camera: where a figure stands comes as a lattice of answers from the server.
//
// "World" coordinates are pixels of the picture or metres of the plan; `extent` is the part that is shown.
// Mouse: click sets, drag moves a point or the view, wheel zooms. Keys: see the `keys` text of `canvas.py`.

const POINT_RADIUS = 7;
const GRAB = 11;
const CLICK_MOVED = 4;
const MAGNIFIED = 4;
const MAGNIFIER_RADIUS = 66;
const COLOURS = { ok: "#b3005e", open: "#c05600", out: "#5b6470", chosen: "#0067b8", cross: "#0b7285" };

export default {
  template: `
    <div class="studio-canvas">
      <canvas ref="canvas" tabindex="0" role="application" :aria-label="label"
        @pointerdown="down" @pointermove="moved" @pointerup="up" @pointercancel="cancelled" @pointerleave="left"
        @dblclick.prevent="finish" @wheel.prevent="wheel" @keydown="key" @contextmenu.prevent
        @focus="redraw" @blur="redraw"></canvas>
      <div class="studio-spoken" aria-live="polite">{{ spoken }}</div>
    </div>`,
  props: {
    extent: Array, picture: String, layers: Array, lines: Array, points: Array, shapes: Array,
    tool: String, chosen: Number, chosenShape: Number, lattice: Object, ruled: Array, role: String, bus: String, unit: String,
    label: String, cells: Object,
  },
  data() {
    return { spoken: "", picked: -1 };
  },
  mounted() {
    this.view = null;
    this.images = {};
    this.pointer = null; // world point under the mouse
    this.drag = null;
    this.drawn = []; // corners of the outline that is being drawn
    this.cross = null; // the keyboard's pointer
    this.figure = null;
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.$el);
    this.heard = (event) => {
      if (event.detail.bus !== this.bus || event.detail.from === this.role) return;
      this.figure = event.detail.figure;
      this.redraw();
    };
    window.addEventListener("studio-figure", this.heard);
    this.fit();
  },
  unmounted() {
    this.observer.disconnect();
    window.removeEventListener("studio-figure", this.heard);
  },
  watch: {
    extent(now, before) {
      if (JSON.stringify(now) !== JSON.stringify(before)) this.fit();
    },
    points() { this.answered(); },
    shapes() { this.answered(); },
    tool() { this.drawn = []; this.redraw(); },
    picture() { this.redraw(); }, layers() { this.redraw(); }, lines() { this.redraw(); },
    chosen(now) { this.picked = now; this.redraw(); }, chosenShape() { this.pickedCorner = -1; this.redraw(); }, lattice() { this.redraw(); },
    cells() { this.redraw(); }, ruled() { this.redraw(); },
  },
  methods: {
    // ---- the view -------------------------------------------------------------------------------------
    fit() {
      const canvas = this.$refs.canvas;
      const [w, h] = [this.$el.clientWidth, this.$el.clientHeight];
      if (!canvas || !w || !h || !this.extent) return;
      const sharp = window.devicePixelRatio || 1;
      canvas.width = Math.round(w * sharp);
      canvas.height = Math.round(h * sharp);
      canvas.style.width = `${w}px`;
      canvas.style.height = `${h}px`;
      const [x0, y0, x1, y1] = this.extent;
      const scale = Math.min(w / (x1 - x0), h / (y1 - y0)) * 0.98;
      this.view = { scale, x: w / 2 - (scale * (x0 + x1)) / 2, y: h / 2 - (scale * (y0 + y1)) / 2, fitted: scale };
      this.redraw();
    },
    zoom(factor, at) {
      const scale = Math.min(Math.max(this.view.scale * factor, this.view.fitted / 2), this.view.fitted * 60);
      const world = this.world(at);
      Object.assign(this.view, { scale, x: at[0] - world[0] * scale, y: at[1] - world[1] * scale });
      this.redraw();
    },
    screen([x, y]) { return [x * this.view.scale + this.view.x, y * this.view.scale + this.view.y]; },
    world([x, y]) { return [(x - this.view.x) / this.view.scale, (y - this.view.y) / this.view.scale]; },
    at(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    },
    answered() {
      // A drag that is still under way goes on; one that ended is in what has come.
      if (this.drag && this.drag.dropped) this.drag = null;
      if (!this.nudging) this.nudged = null;
      this.redraw();
    },
    // ---- the mouse ------------------------------------------------------------------------------------
    down(event) {
      if (!this.view) return;
      this.$refs.canvas.focus();
      this.cross = null;
      const at = this.at(event);
      const hit = event.button === 0 ? this.hit(at) : null;
      this.drag = { from: at, last: at, hit, moved: false, pan: !hit };
      this.$refs.canvas.setPointerCapture(event.pointerId);
    },
    moved(event) {
      if (!this.view) return;
      const at = this.at(event);
      this.pointer = this.world(at);
      if (this.drag && !this.drag.dropped) {
        const [dx, dy] = [at[0] - this.drag.from[0], at[1] - this.drag.from[1]];
        if (Math.hypot(dx, dy) > CLICK_MOVED) this.drag.moved = true;
        if (this.drag.moved && this.drag.pan) {
          this.view.x += at[0] - this.drag.last[0];
          this.view.y += at[1] - this.drag.last[1];
        } else if (this.drag.moved) {
          this.drag.to = this.pointer;
        }
        this.drag.last = at;
      }
      this.tell(this.pointer);
      this.redraw();
    },
    up(event) {
      if (!this.drag || this.drag.dropped) return;
      const drag = this.drag;
      const to = this.world(this.at(event));
      if (drag.moved && drag.hit) {
        drag.dropped = true;
        this.report(drag.hit, to, this.world(drag.from));
        return; // what was dragged stays where it was dropped until the server has answered
      }
      this.drag = null;
      if (!drag.moved && event.button === 0) this.click(to, drag.hit);
      this.redraw();
    },
    report(hit, [x, y], [fromX, fromY]) {
      if (hit.kind === "point") this.$emit("move", { index: hit.index, x, y });
      else if (hit.kind === "whole") this.$emit("moveShape", { index: hit.index, dx: x - fromX, dy: y - fromY });
      else this.$emit("reshape", { index: hit.index, corner: hit.corner, x, y });
    },
    click(to, hit) {
      if (this.tool === "polygon" || this.tool === "line") this.corner(to);
      else if (hit && hit.kind === "point") this.pick(hit.index);
      else if (hit) this.$emit("chooseShape", { index: hit.index });
      else if (this.tool === "points") this.place(to);
      else this.$emit("chooseShape", { index: this.shapeAt(to) });
    },
    pick(index) {
      this.nudged = null;
      this.picked = index; // at once: the next key may follow before the server has answered
      this.$emit("choose", { index });
    },
    place([x, y]) {
      const [x0, y0, x1, y1] = this.extent;
      if (x < x0 || y < y0 || x > x1 || y > y1) this.spoken = "That is outside.";
      else this.$emit("place", { x, y });
    },
    corner(to) {
      const [x0, y0, x1, y1] = this.extent;
      const inside = [Math.min(Math.max(to[0], x0), x1), Math.min(Math.max(to[1], y0), y1)];
      const first = this.drawn[0];
      if (this.tool === "polygon" && this.drawn.length > 2 && this.near(first, inside, GRAB)) return this.finish();
      if (this.drawn.length && this.near(this.drawn[this.drawn.length - 1], inside, 3)) return;
      this.drawn.push(inside);
      this.spoken = `Corner ${this.drawn.length} set.`;
      this.redraw();
    },
    finish() {
      const least = this.tool === "polygon" ? 3 : 2;
      if (this.drawn.length < least) return;
      this.$emit("draw", { points: this.drawn });
      this.drawn = [];
      this.redraw();
    },
    cancelled() { this.drag = null; this.redraw(); },
    left() { this.pointer = null; this.tell(null); this.redraw(); },
    wheel(event) { if (this.view) this.zoom(Math.exp(-event.deltaY / 400), this.at(event)); },
    near(a, b, px) {
      const [p, q] = [this.screen(a), this.screen(b)];
      return Math.hypot(p[0] - q[0], p[1] - q[1]) <= px;
    },
    hit(at) {
      const near = ([x, y]) => { const p = this.screen([x, y]); return Math.hypot(p[0] - at[0], p[1] - at[1]) <= GRAB; };
      for (let i = (this.points || []).length - 1; i >= 0; i--)
        if (near([this.points[i].x, this.points[i].y])) return { kind: "point", index: this.points[i].index };
      const shape = (this.shapes || [])[this.chosenShape];
      if (shape && this.tool === "edit") {
        const corner = shape.points.findIndex(near);
        if (corner >= 0) return { kind: "shape", index: this.chosenShape, corner };
        if (this.shapeAt(this.world(at)) === this.chosenShape) return { kind: "whole", index: this.chosenShape };
      }
      return null;
    },
    shapeAt(at) {
      for (let i = (this.shapes || []).length - 1; i >= 0; i--) {
        const shape = this.shapes[i];
        if (shape.kind === "polygon" ? inside(shape.points, at) : this.onLine(shape.points, at)) return i;
      }
      return -1;
    },
    onLine(points, at) {
      const p = this.screen(at);
      return points.slice(1).some((b, i) => distance(this.screen(points[i]), this.screen(b), p) < 6);
    },
    // ---- the keyboard ---------------------------------------------------------------------------------
    key(event) {
      if (!this.view || event.altKey) return;
      const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.$emit("undo", {});
      else if (event.ctrlKey || event.metaKey) return;
      else if (arrows[event.key]) this.step(arrows[event.key], event.shiftKey ? 20 : 2);
      else if (event.key === "Enter" && this.cross) this.enter();
      else if (event.key === "Enter") this.finish();
      else if (event.key === " ") this.chooseNear();
      else if (event.key === "Delete" || event.key === "Backspace") this.remove();
      else if (event.key === "Escape") { this.drawn = []; this.cross = null; this.pickedCorner = -1; this.pick(-1); }
      else if (event.key === "+" || event.key === "=") this.zoom(1.25, this.middle());
      else if (event.key === "-") this.zoom(0.8, this.middle());
      else if (event.key === "0") this.fit();
      else return;
      event.preventDefault();
      this.redraw();
    },
    middle() {
      return this.cross ? this.screen(this.cross) : [this.$el.clientWidth / 2, this.$el.clientHeight / 2];
    },
    step([dx, dy], px) {
      const by = this.cells ? this.cells.side : px / this.view.scale;
      const held = this.nudged || this.heldCorner() || (this.points || []).find((p) => p.index === this.picked);
      if (held) return this.nudge(held, dx * by, dy * by);
      const [x0, y0, x1, y1] = this.extent;
      const from = this.cross || this.world(this.middle());
      this.cross = [Math.min(Math.max(from[0] + dx * by, x0), x1), Math.min(Math.max(from[1] + dy * by, y0), y1)];
      this.tell(this.cross);
      this.spoken = this.spokenValue ? `${this.told(this.cross)}: ${this.spokenValue}` : this.told(this.cross);
    },
    // Held keys add up here; the server is told when they rest.
    nudge({ index, corner, x, y }, dx, dy) {
      this.nudged = { index, corner, x: x + dx, y: y + dy };
      clearTimeout(this.nudging);
      this.nudging = setTimeout(() => {
        this.nudging = null;
        this.$emit(corner === undefined ? "move" : "reshape", this.nudged);
      }, 150);
      this.spoken = this.told([this.nudged.x, this.nudged.y]);
    },
    heldCorner() {
      const shape = (this.shapes || [])[this.chosenShape];
      if (!shape || this.tool !== "edit" || !(this.pickedCorner >= 0)) return null;
      const at = shape.points[this.pickedCorner];
      return at ? { index: this.chosenShape, corner: this.pickedCorner, x: at[0], y: at[1] } : null;
    },
    enter() {
      if (this.tool === "points") this.place(this.cross);
      else if (this.tool === "edit") this.$emit("chooseShape", { index: this.shapeAt(this.cross) });
      else if (this.drawn.length && this.near(this.drawn[this.drawn.length - 1], this.cross, 3)) this.finish();
      else this.corner(this.cross);
    },
    chooseNear() {
      const at = this.screen(this.cross || this.world(this.middle()));
      const hit = this.hit(at);
      if (hit && hit.kind === "point") this.pick(hit.index);
      else if (hit && hit.kind === "shape") this.pickedCorner = hit.corner;
      else if (this.tool === "edit") this.$emit("chooseShape", { index: this.shapeAt(this.world(at)) });
    },
    remove() {
      if (this.drawn.length) this.drawn.pop();
      else if (this.picked >= 0) this.$emit("remove", { index: this.picked });
      else if (this.chosenShape >= 0) this.$emit("removeShape", { index: this.chosenShape });
    },
    told([x, y]) { return this.unit === "m" ? `${x.toFixed(2)} m, ${y.toFixed(2)} m` : `${x.toFixed(0)}, ${y.toFixed(0)} px`; },
    // ---- what the other canvas should show, and values under the mouse ----------------------------------
    tell(at) {
      const seen = at && this.lattice ? read(this.lattice, this.extent, at) : null;
      let there = null;
      this.figure = null;
      if (seen && this.role === "camera") {
        if (Number.isFinite(seen[2])) this.figure = { foot: at, head: [seen[2], seen[3]] };
        there = { foot: [seen[0], seen[1]] };
      } else if (seen) {
        there = { foot: [seen[0], seen[1]], head: Number.isFinite(seen[2]) ? [seen[2], seen[3]] : null };
      }
      const detail = { bus: this.bus, from: this.role, figure: there };
      if (this.bus) window.dispatchEvent(new CustomEvent("studio-figure", { detail }));
      this.spokenValue = at && this.cells ? this.cellText(at) : null;
    },
    cellText([x, y]) {
      const c = this.cells;
      const [i, j] = [Math.floor((x - c.x0) / c.side), Math.floor((y - c.y0) / c.side)];
      return i < 0 || j < 0 || i >= c.columns || j >= c.rows ? null : c.texts[j * c.columns + i];
    },
    // ---- drawing --------------------------------------------------------------------------------------
    redraw() {
      if (this.due) return;
      this.due = requestAnimationFrame(() => { this.due = null; this.paint(); });
    },
    image(url) {
      if (!url) return null;
      if (!this.images[url]) {
        const shown = [this.picture, ...(this.layers || []).map((layer) => layer.url)];
        const kept = Object.keys(this.images).filter((one) => !shown.includes(one));
        if (kept.length > 6) delete this.images[kept[0]];
        const image = new Image();
        image.onload = () => this.redraw();
        image.src = url;
        this.images[url] = image;
      }
      const image = this.images[url];
      return image.complete && image.naturalWidth ? image : null;
    },
    paint() {
      const canvas = this.$refs.canvas;
      if (!canvas || !this.view) return;
      const ctx = canvas.getContext("2d");
      const sharp = window.devicePixelRatio || 1;
      ctx.setTransform(sharp, 0, 0, sharp, 0, 0);
      ctx.fillStyle = "#dfe3e8";
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      this.paintWorld(ctx);
      this.magnify(ctx);
      this.paintValue(ctx);
    },
    paintWorld(ctx) {
      this.paintPictures(ctx);
      this.paintLines(ctx);
      (this.shapes || []).forEach((shape, i) => this.paintShape(ctx, shape, i));
      this.paintDrawn(ctx);
      (this.points || []).forEach((point) => this.paintPoint(ctx, point));
      if (this.figure) this.paintFigure(ctx);
      if (this.cross && document.activeElement === this.$refs.canvas) this.paintCross(ctx, this.cross);
    },
    paintPictures(ctx) {
      const [x0, y0, x1, y1] = this.extent;
      const [a, b] = [this.screen([x0, y0]), this.screen([x1, y1])];
      ctx.fillStyle = "#ffffff";
      ctx.fillRect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
      this.stroke(ctx, this.ruled, "#d9dfe5", 1);
      ctx.imageSmoothingEnabled = this.view.scale < 3 * this.view.fitted;
      for (const { url, opacity, smooth } of [{ url: this.picture, opacity: 1 }, ...(this.layers || [])]) {
        const image = this.image(url);
        if (!image) continue;
        ctx.globalAlpha = opacity;
        if (smooth === false) ctx.imageSmoothingEnabled = false;
        ctx.drawImage(image, a[0], a[1], b[0] - a[0], b[1] - a[1]);
      }
      ctx.globalAlpha = 1;
      ctx.strokeStyle = "#8a94a0";
      ctx.lineWidth = 1;
      ctx.strokeRect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
    },
    paintLines(ctx) {
      const [x0, y0, x1, y1] = this.extent;
      const [a, b] = [this.screen([x0, y0]), this.screen([x1, y1])];
      ctx.save();
      ctx.beginPath();
      ctx.rect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
      ctx.clip();
      for (const [style, width] of [["rgba(255,255,255,0.7)", 2.5], ["#0086a8", 1]]) this.stroke(ctx, this.lines, style, width);
      ctx.restore();
    },
    stroke(ctx, lines, style, width) {
      [ctx.strokeStyle, ctx.lineWidth] = [style, width];
      ctx.beginPath();
      for (const line of lines || []) path(ctx, line.map((p) => this.screen(p)));
      ctx.stroke();
    },
    paintShape(ctx, shape, i) {
      const points = this.asDragged(shape, i);
      const shown = points.map((p) => this.screen(p));
      const chosen = i === this.chosenShape;
      ctx.beginPath();
      path(ctx, shown);
      if (shape.kind === "polygon") {
        ctx.closePath();
        ctx.fillStyle = `${shape.colour}${chosen ? "55" : "2e"}`;
        ctx.fill();
      }
      ctx.strokeStyle = shape.colour;
      ctx.lineWidth = chosen ? 3 : this.tool === "look" ? 2 : shape.kind === "line" ? 4 : 1.8;
      ctx.setLineDash(shape.dashed ? [7, 5] : []);
      ctx.stroke();
      ctx.setLineDash([]);
      if (chosen && this.tool === "edit")
        shown.forEach((p, n) => dot(ctx, p, 5, n === this.pickedCorner ? "#ffd43b" : "#ffffff", shape.colour));
      const [x, y] = middle(shown);
      if (shape.label) write(ctx, shape.label, x, y, shape.colour, "center");
    },
    asDragged(shape, i) {
      const { hit, to, from } = this.drag || {};
      if (this.nudged && this.nudged.corner !== undefined && this.nudged.index === i)
        return shape.points.map((p, n) => (n === this.nudged.corner ? [this.nudged.x, this.nudged.y] : p));
      if (!to || hit.index !== i || hit.kind === "point") return shape.points;
      if (hit.kind === "shape") return shape.points.map((p, n) => (n === hit.corner ? to : p));
      const [x, y] = this.world(from);
      return shape.points.map((p) => [p[0] + to[0] - x, p[1] + to[1] - y]);
    },
    paintDrawn(ctx) {
      if (!this.drawn.length) return;
      const end = this.cross || this.pointer;
      const shown = [...this.drawn, ...(end ? [end] : [])].map((p) => this.screen(p));
      ctx.beginPath();
      path(ctx, shown);
      ctx.strokeStyle = COLOURS.chosen;
      ctx.lineWidth = 2;
      ctx.stroke();
      this.drawn.forEach((p) => dot(ctx, this.screen(p), 4, "#ffffff", COLOURS.chosen));
    },
    paintPoint(ctx, point) {
      const moved = this.drag && this.drag.to && this.drag.hit.kind === "point" && this.drag.hit.index === point.index;
      const keyed = this.nudged && this.nudged.corner === undefined && this.nudged.index === point.index;
      const [x, y] = this.screen(moved ? this.drag.to : keyed ? [this.nudged.x, this.nudged.y] : [point.x, point.y]);
      const chosen = point.index === this.picked;
      const colour = chosen ? COLOURS.chosen : COLOURS[point.state];
      for (const [style, width] of [["#ffffff", 4.5], [colour, 2]]) {
        ctx.strokeStyle = style;
        ctx.lineWidth = width;
        ctx.beginPath();
        if (point.state === "out") {
          ctx.moveTo(x - 6, y - 6); ctx.lineTo(x + 6, y + 6); ctx.moveTo(x + 6, y - 6); ctx.lineTo(x - 6, y + 6);
        } else {
          ctx.arc(x, y, POINT_RADIUS, 0, 2 * Math.PI);
          ctx.moveTo(x - 2.5, y); ctx.lineTo(x + 2.5, y); ctx.moveTo(x, y - 2.5); ctx.lineTo(x, y + 2.5);
        }
        ctx.stroke();
      }
      write(ctx, point.note ? `${point.label}  ${point.note}` : point.label, x + 11, y - 9, colour, "left");
    },
    paintFigure(ctx) {
      const foot = this.screen(this.figure.foot);
      if (!this.figure.head) return dot(ctx, foot, 5, "#ffd43b", "#1f2933");
      const head = this.screen(this.figure.head);
      const up = [head[0] - foot[0], head[1] - foot[1]];
      const across = [-up[1], up[0]];
      const put = (along, side) => [foot[0] + along * up[0] + side * across[0], foot[1] + along * up[1] + side * across[1]];
      const right = [[0, 0], [0, 0.07], [0.45, 0.09], [0.6, 0.14], [0.79, 0.14], [0.83, 0.05]];
      for (let n = 0; n <= 8; n++) {
        const turn = -0.85 * (Math.PI / 2) + (n / 8) * 1.85 * (Math.PI / 2);
        right.push([0.925 + 0.075 * Math.sin(turn), 0.062 * Math.cos(turn)]);
      }
      const outline = [...right.map(([u, o]) => put(u, o)), ...right.reverse().map(([u, o]) => put(u, -o))];
      ctx.beginPath();
      path(ctx, outline);
      ctx.closePath();
      ctx.fillStyle = "rgba(255,212,59,0.25)";
      ctx.fill();
      for (const [style, width] of [["#ffffff", 3.5], ["#c92a2a", 1.6]]) {
        ctx.strokeStyle = style;
        ctx.lineWidth = width;
        ctx.stroke();
      }
      dot(ctx, foot, 3, "#ffd43b", "#1f2933");
    },
    paintCross(ctx, at) {
      const [x, y] = this.screen(at);
      for (const [style, width] of [["#ffffff", 3.5], [COLOURS.cross, 1.5]]) {
        ctx.strokeStyle = style;
        ctx.lineWidth = width;
        ctx.beginPath();
        ctx.moveTo(x - 16, y); ctx.lineTo(x + 16, y); ctx.moveTo(x, y - 16); ctx.lineTo(x, y + 16);
        ctx.stroke();
      }
    },
    magnify(ctx) {
      const at = this.cross || this.pointer;
      if (!at || this.tool !== "points" || (this.drag && this.drag.pan && this.drag.moved)) return;
      const [x, y] = this.screen(at);
      const [w, r] = [this.$el.clientWidth, MAGNIFIER_RADIUS];
      const centre = [x < w / 2 ? w - r - 8 : r + 8, r + 8];
      const kept = { ...this.view };
      ctx.save();
      ctx.beginPath();
      ctx.arc(centre[0], centre[1], r, 0, 2 * Math.PI);
      ctx.clip();
      ctx.fillStyle = "#dfe3e8";
      ctx.fillRect(centre[0] - r, centre[1] - r, 2 * r, 2 * r);
      const scale = this.view.scale * MAGNIFIED;
      Object.assign(this.view, { scale, x: centre[0] - at[0] * scale, y: centre[1] - at[1] * scale });
      this.paintPictures(ctx);
      (this.points || []).forEach((point) => this.paintPoint(ctx, point));
      Object.assign(this.view, kept);
      ctx.strokeStyle = "#1f2933";
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(centre[0] - r, centre[1]); ctx.lineTo(centre[0] - 3, centre[1]);
      ctx.moveTo(centre[0] + 3, centre[1]); ctx.lineTo(centre[0] + r, centre[1]);
      ctx.moveTo(centre[0], centre[1] - r); ctx.lineTo(centre[0], centre[1] - 3);
      ctx.moveTo(centre[0], centre[1] + 3); ctx.lineTo(centre[0], centre[1] + r);
      ctx.stroke();
      ctx.restore();
      ctx.strokeStyle = "#1f2933";
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.arc(centre[0], centre[1], r, 0, 2 * Math.PI);
      ctx.stroke();
      write(ctx, this.told(at), centre[0], centre[1] + r + 14, "#1f2933", "center");
    },
    paintValue(ctx) {
      const at = this.cross || this.pointer;
      if (!at || !this.spokenValue) return;
      const [x, y] = this.screen(at);
      const right = x > this.$el.clientWidth / 2;
      write(ctx, this.spokenValue, right ? x - 14 : x + 14, y < 40 ? y + 28 : y - 14, "#1f2933", right ? "right" : "left");
    },
  },
};

function path(ctx, points) { points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y))); }

function dot(ctx, [x, y], radius, fill, stroke) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.5;
  ctx.stroke();
}

function write(ctx, text, x, y, colour, align) {
  ctx.font = "600 13px system-ui, sans-serif";
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.strokeStyle = "rgba(255,255,255,0.92)";
  ctx.lineWidth = 4;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

function middle(points) {
  const [sx, sy] = points.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return [sx / points.length, sy / points.length];
}

function inside(points, [x, y]) {
  let found = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [points[i], points[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) found = !found;
  }
  return found;
}

function distance(a, b, p) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const along = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(p[0] - a[0] - along * dx, p[1] - a[1] - along * dy);
}

// Between the four nearest answers of the lattice; null where one of them is unknown.
function read({ columns, rows, values }, [x0, y0, x1, y1], [x, y]) {
  const u = ((x - x0) / (x1 - x0)) * (columns - 1);
  const v = ((y - y0) / (y1 - y0)) * (rows - 1);
  if (!(u >= 0 && v >= 0 && u <= columns - 1 && v <= rows - 1)) return null;
  const [i, j] = [Math.min(Math.floor(u), columns - 2), Math.min(Math.floor(v), rows - 2)];
  const [a, b] = [u - i, v - j];
  const corner = (di, dj, k) => values[((j + dj) * columns + i + di) * 4 + k];
  const answer = [0, 1, 2, 3].map((k) => {
    const four = [corner(0, 0, k), corner(1, 0, k), corner(0, 1, k), corner(1, 1, k)];
    if (four.some((value) => value === null)) return NaN;
    return (four[0] * (1 - a) + four[1] * a) * (1 - b) + (four[2] * (1 - a) + four[3] * a) * b;
  });
  return Number.isFinite(answer[0]) ? answer : null;
}
