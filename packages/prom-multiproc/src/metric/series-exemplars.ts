import { checkExemplarLabels, type Exemplar, lastingExemplarLabels } from '../format/exemplar-record.ts';
import { unixTime } from '../os/unix-time.ts';
import type { ExemplarRecords } from '../slot/exemplar-records.ts';
import type { Cells } from '../slot/slot-file.ts';

/** The cells of a series, which may move. */
type Position = Pick<Cells, 'array' | 'base'>;

/** The exemplars of one series of this process: on the heap until the process has a slot, then in the slot file. */
export class SeriesExemplars {
  /** Number of places: one for a counter, one for each bucket of a histogram. */
  readonly count: number;
  readonly #series: Position;
  readonly #offset: number;
  #records: ExemplarRecords | undefined;
  #onHeap: (Exemplar | undefined)[] = [];
  /** Time of the last exemplar of each place in the file. */
  readonly #times: Float64Array;
  /** Later exemplars of the same time: labels and values by place. */
  readonly #lateLabels: (object | undefined)[] = [];
  readonly #lateValues: number[] = [];
  /** Exemplars whose content prom-client has not assigned yet, by place. */
  readonly #drafts: (object | undefined)[] = [];

  /** The cells of `series` from `offset` on refer to the exemplars. */
  constructor(series: Position, offset: number, count: number) {
    this.#series = series;
    this.#offset = offset;
    this.count = count;
    this.#times = new Float64Array(count);
  }

  /**
   * Replaces the exemplar of a place. Hot path. Of several in one millisecond, the first is stored at once and the last at the next
   * `writeLate`: a burst takes less time than in prom-client.
   * @throws RangeError, as prom-client, if the labels are too long
   */
  set(place: number, labels: object, value: number, time = unixTime()): void {
    const records = this.#records;
    if (records === undefined) this.#onHeap[place] = exemplarOf(labels, value, time);
    else if (time !== this.#times[place]) this.#write(records, place, labels, value, time);
    else {
      const lasting = lastingExemplarLabels(labels);
      if (this.#lateLabels[place] === undefined) records.late.add(this);
      this.#lateLabels[place] = lasting;
      this.#lateValues[place] = value;
    }
  }

  /** Stores the last exemplars of a millisecond. */
  writeLate(): void {
    if (this.#records === undefined) return;
    for (let place = 0; place < this.count; place++) {
      const labels = this.#lateLabels[place];
      if (labels === undefined) continue;
      this.#write(this.#records, place, labels, this.#lateValues[place]!, this.#times[place]!);
    }
  }

  #write(records: ExemplarRecords, place: number, labels: object, value: number, time: number): void {
    records.write(this.#series.array, this.#series.base + this.#offset + place, labels, value, time);
    this.#times[place] = time;
    this.#lateLabels[place] = undefined;
  }

  get(place: number): Exemplar | undefined {
    this.writeLate();
    if (this.#records === undefined) return this.#onHeap[place];
    return this.#records.read(this.#series.array, this.#series.base + this.#offset + place);
  }

  /** Moves to the file of the series' new cells. Exemplars on the heap replace those in the file. */
  enterSlot(records: ExemplarRecords | undefined): void {
    const onHeap = this.#onHeap;
    this.#onHeap = [];
    this.#records = records;
    onHeap.forEach((one, place) => {
      if (one !== undefined) this.set(place, Object.fromEntries(one.labels), one.value, one.timestamp);
    });
  }

  /** Moves to the heap, with the exemplars or without any. */
  leaveSlot(keeps: boolean): void {
    this.#onHeap = keeps ? Array.from({ length: this.count }, (_, place) => this.get(place)) : [];
    this.#records = undefined;
    this.#forgetLate();
  }

  /** Called when the cells were set to zero. */
  clear(): void {
    this.#onHeap = [];
    this.#forgetLate();
  }

  #forgetLate(): void {
    this.#lateLabels.length = 0;
    this.#times.fill(0);
  }

  /** The exemplar of a place as an object of prom-client, which may assign to it. */
  assigned(place: number): object | undefined {
    const draft = this.#drafts[place];
    if (draft !== undefined) return draft;
    const found = this.get(place);
    if (found === undefined) return undefined;
    const { labels, value, timestamp } = found;
    return this.#watched(place, new StoredExemplar(Object.fromEntries(labels), value), timestamp);
  }

  /** Called when prom-client stores a new, empty exemplar. It assigns the content afterwards. */
  assign(place: number, exemplar: unknown): void {
    this.#drafts[place] = this.#watched(place, exemplar as StoredExemplar);
  }

  /** Stores the exemplar when prom-client has assigned its last property. */
  #watched(place: number, exemplar: StoredExemplar, timestamp?: number): StoredExemplar {
    return Object.defineProperty(exemplar, 'timestamp', {
      get: () => timestamp,
      set: (time: number) => {
        timestamp = time;
        this.#drafts[place] = undefined;
        this.set(place, exemplar.labelSet, exemplar.value, time);
      },
      enumerable: true,
      configurable: true,
    });
  }
}

/** Has the properties of an `Exemplar` of prom-client. */
class StoredExemplar {
  labelSet: object;
  value: number;

  constructor(labelSet: object, value: number) {
    this.labelSet = labelSet;
    this.value = value;
  }

  validateExemplarLabelSet(labelSet: object): void {
    checkExemplarLabels(labelSet);
  }
}

function exemplarOf(labels: object, value: number, timestamp: number): Exemplar {
  return { labels: Object.entries(lastingExemplarLabels(labels)), value, timestamp };
}
