/**
 * Runs in the browser, before the page: what the page shows at one moment, its texts and what stands on its canvases.
 * Only pixels can tell whether a line was drawn.
 */
(() => {
  const WINDOW_SECONDS = 30;
  /** Of 255: what lies under a thin line shines through it. */
  const [LIKE_LINE, LIKE_INK] = [6, 24];
  const SEEN = 100;

  const numberOf = (text) => (/\d/.test(text) ? Number(text.replace(/\D/g, '')) : null);

  /** The plotted area of a chart, pixel by pixel. */
  function plotted(element) {
    const canvas = element.querySelector('canvas');
    const [all, area] = [canvas, element.querySelector('.u-over')].map((of) => of.getBoundingClientRect());
    const scale = canvas.width / all.width;
    // Of a copy: reading a canvas itself again and again is complained of in the console.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {
      willReadFrequently: true,
    });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const [left, bottom] = [(area.left - all.left) * scale, (area.bottom - all.top) * scale];
    return {
      left,
      bottom,
      width: area.width * scale,
      height: area.height * scale,
      isLike(color, tolerance, x, y) {
        const from = (Math.round(y) * canvas.width + Math.round(x)) * 4;
        const near = color.every((value, i) => Math.abs(value - data[from + i]) <= tolerance);
        return near && data[from + 3] > SEEN;
      },
    };
  }

  const colorOf = (element) => getComputedStyle(element).color.match(/\d+/g).slice(0, 3).map(Number);

  /** The readings that do not stand where they belong in the colour of the line, where one ping is so many pixels high. */
  function misplaced(element, readings, pixelsEach) {
    const { left, bottom, width, isLike } = plotted(element);
    const color = colorOf(element);
    return readings.filter(({ secondsAgo, value }) => {
      const x = left + width * (1 - secondsAgo / WINDOW_SECONDS);
      return value !== null && !isLike(color, LIKE_LINE, x, bottom - value * pixelsEach);
    });
  }

  /** From the bottom to where the line ends: the last reading's point reaches over the right edge. */
  function heightOfLast(element) {
    const { left, bottom, width, height, isLike } = plotted(element);
    const color = colorOf(element);
    const rows = Array.from({ length: Math.ceil(height) + 6 }, (_, i) => i - 3);
    const drawn = rows.filter((up) => isLike(color, LIKE_LINE, left + width, bottom - up));
    return (Math.min(...drawn) + Math.max(...drawn)) / 2;
  }

  /** How many dashed lines stand upright in it: what was done to the workers. */
  function uprights(element) {
    const { left, bottom, width, height, isLike } = plotted(element);
    const color = colorOf(element.querySelector('.axis'));
    const rows = Array.from({ length: Math.floor(height) }, (_, i) => bottom - 1 - i);
    const columns = Array.from({ length: Math.floor(width) }, (_, i) => left + i);
    const upright = columns.map((x) => rows.filter((y) => isLike(color, LIKE_INK, x, y)).length > height / 4);
    return upright.filter((is, i) => is && !upright[i - 1]).length;
  }

  globalThis.pageShown = () => {
    const [own, shared] = ['own-chart', 'shared-chart'].map((id) => document.getElementById(id));
    const rows = [...document.querySelectorAll('#readings tr')].map((row) =>
      [...row.cells].map(({ textContent }) => textContent),
    );
    const column = (which) =>
      rows.map((cells) => ({ secondsAgo: Number(cells[0]), value: numberOf(cells[which]) }));
    const [ownReadings, sharedReadings] = [column(2), column(3)];
    const pixelsEach = heightOfLast(shared) / sharedReadings[0].value;
    return {
      told: document.getElementById('own-told').textContent,
      current: [...document.querySelectorAll('#workers [aria-current] span:first-child')].map(
        (e) => e.textContent,
      ),
      askedLast: rows[0][1],
      own: ownReadings.map(({ value }) => value),
      shared: sharedReadings.map(({ value }) => value),
      ownMisplaced: misplaced(own, ownReadings, pixelsEach),
      sharedMisplaced: misplaced(shared, sharedReadings, pixelsEach),
      marks: [uprights(own), uprights(shared)],
    };
  };
})();
