/** One sample of Prometheus' text format. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is known by one name. */
export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  /** By the whole name: a histogram's has endings of its own. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]?Inf|[-+0-9.e]+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/**
 * Reads the text format, version 0.0.4, and throws at the first line that is not as Prometheus wants it: help and type
 * first and once, samples of no other name, no sample twice, counters that end in `_total`, histograms that add up.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, MetricFamily & { samples: Map<string, Sample[]> }>();
  const seen = new Set<string>();
  let help: [name: string, text: string] | null = null;
  let current: string | null = null;
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const [, word, name = '', rest = ''] = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? [];
    if (word === 'HELP') help = [name, rest];
    else if (word === 'TYPE') {
      if (help?.[0] !== name || families.has(name) || !(rest in ENDINGS)) fail('not a type after its help');
      if ((rest === 'counter') !== name.endsWith('_total')) fail('a counter, and nothing else, is a total');
      families.set(name, { type: rest, help: help?.[1] ?? '', samples: new Map() });
      current = name;
    } else {
      const [, whole = '', labels = '', value = ''] = SAMPLE.exec(line) ?? fail('not a sample');
      const family = families.get(current ?? '') ?? fail('a sample of nothing');
      if (!ENDINGS[family.type]?.some((ending) => whole === `${current}${ending}`)) fail('of another name');
      const key = `${whole}{${labels.split(',').sort().join()}}`;
      if (seen.has(key)) fail('twice');
      seen.add(key);
      const sample = { labels: readLabels(labels, fail), value: Number(value.replace('Inf', 'Infinity')) };
      if (Number.isNaN(sample.value) || (family.type !== 'gauge' && sample.value < 0)) fail('no such count');
      family.samples.set(whole, [...(family.samples.get(whole) ?? []), sample]);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') assertAddsUp(name, family);
  return families;
}

function readLabels(text: string, fail: (why: string) => never): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? fail('not a label');
    if (name in labels) fail('a label twice');
    labels[name] = value;
  }
  return labels;
}

function assertAddsUp(name: string, { samples }: MetricFamily): void {
  const buckets = samples.get(`${name}_bucket`) ?? [];
  const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')));
  const rises = (values: readonly number[]): boolean =>
    values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));
  const [count] = samples.get(`${name}_count`) ?? [];
  const isWhole = bounds.at(-1) === Number.POSITIVE_INFINITY && buckets.at(-1)?.value === count?.value;
  if (!isWhole || !rises(bounds) || !rises(buckets.map(({ value }) => value)))
    throw new Error(`the buckets of ${name} do not add up`);
}

/** The value of the one sample of `name` with these labels, 0 if there is none. */
export function readValue(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  if (!family) throw new Error(`no metric is called ${name}`);
  const found = (family.samples.get(name) ?? []).filter(({ labels: own }) =>
    Object.entries(labels).every(([label, value]) => own[label] === value),
  );
  if (found.length > 1) throw new Error(`${name} has ${found.length} such samples`);
  return found[0]?.value ?? 0;
}
