/**
 * Runs in the browser before the page: defines `pageShown()`, which returns the texts of the page and checks its charts, pixel by
 * pixel.
 */
(() => {
  const WINDOW_SECONDS = 30;
  /** Tolerances of 255: thin lines mix with the colour below them. */
  const [LIKE_LINE, LIKE_INK] = [6, 24];
  const SEEN = 100;

  const numberOf = (text) => (/\d/.test(text) ? Number(text.replace(/\D/g, '')) : null);

  /** Returns the plot area of a chart with access to its pixels. */
  function plotted(element) {
    const canvas = element.querySelector('canvas');
    const [all, area] = [canvas, element.querySelector('.u-over')].map((of) => of.getBoundingClientRect());
    const scale = canvas.width / all.width;
    // Reads a copy, because repeated reads of the canvas itself cause a warning in the console.
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

  /** Returns the readings at whose position the chart does not have the colour of the line. `pixelsEach`: height of one ping. */
  function misplaced(element, readings, pixelsEach) {
    const { left, bottom, width, isLike } = plotted(element);
    const color = colorOf(element);
    return readings.filter(({ secondsAgo, value }) => {
      const x = left + width * (1 - secondsAgo / WINDOW_SECONDS);
      return value !== null && !isLike(color, LIKE_LINE, x, bottom - value * pixelsEach);
    });
  }

  /** Returns the height of the last reading, in pixels, at the right edge of the plot. */
  function heightOfLast(element) {
    const { left, bottom, width, height, isLike } = plotted(element);
    const color = colorOf(element);
    const rows = Array.from({ length: Math.ceil(height) + 6 }, (_, i) => i - 3);
    const drawn = rows.filter((up) => isLike(color, LIKE_LINE, left + width, bottom - up));
    return (Math.min(...drawn) + Math.max(...drawn)) / 2;
  }

  /** Counts the vertical dashed lines, which mark faults. */
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
      source: document.getElementById('own-source').textContent,
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
