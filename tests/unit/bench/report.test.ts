// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { drawChart, shareOfBar } from '../../bench/report/chart.mjs';
import { judge, mergeResults } from '../../bench/report/result.mjs';
import { formatMarkdown, formatTable } from '../../bench/report/table.mjs';

const fps = judge({
  id: 'high-fps',
  what: 'frames',
  values: [56.94, 59, 58],
  unit: '/s',
  sense: 'least',
  bar: 57,
});
const latency = judge({ id: 'latency', what: 'latency <p95>', values: [41.2], unit: 'ms', bar: 40 });
const cost = judge({ id: 'high-cpu', what: 'CPU', values: [4], unit: 'ms', note: 'a note' });
const reference = judge({ id: 'high-ffmpeg-cpu', what: 'CPU of ffmpeg', values: [10], unit: 'ms' });

describe('judge', () => {
  it('holds the median against the bar, and tells the spread', () => {
    expect(fps).toMatchObject({ value: 58, min: 56.9, max: 59, rounds: 3, passed: true });
    expect(latency.passed).toBe(false);
    expect(cost.passed).toBeNull();
  });

  it('lets no round miss where the worst counts', () => {
    const times = { id: 't', what: 't', values: [1, 9, 2], bar: 8 };
    expect(judge(times)).toMatchObject({ value: 2, passed: true });
    expect(judge({ ...times, worst: true })).toMatchObject({ value: 9, passed: false });
    expect(judge({ ...times, worst: true, sense: 'least', bar: 2 })).toMatchObject({
      value: 1,
      passed: false,
    });
  });

  it('judges what was measured, not what is shown', () => {
    expect(judge({ id: 'r', what: 'r', values: [0.5049], bar: 0.5, digits: 2 })).toMatchObject({
      value: 0.5,
      passed: false,
    });
  });
});

describe('mergeResults', () => {
  it('replaces what was measured anew where it stood and adds the rest', () => {
    const again = judge({ id: 'latency', what: 'latency', values: [30], bar: 40 });
    expect(mergeResults([fps, latency], [again, cost])).toEqual([fps, again, cost]);
  });
});

describe('formatTable', () => {
  it('shows verdict, figure, bar and spread under each other', () => {
    const lines = formatTable([fps, latency, cost]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^ok +frames +58\.0 \/s +>= 57 +56\.9 +59\.0$/);
    // One round has no spread.
    expect(lines[2]).toMatch(/^MISS +latency <p95> +41\.2 ms +<= 40$/);
    expect(lines[3]).toMatch(/^ +CPU +4\.0 ms .* a note$/);
    const end = (lines[1] ?? '').indexOf('58.0 /s') + '58.0 /s'.length;
    expect((lines[2] ?? '').slice(0, end)).toMatch(/41\.2 ms$/);
  });

  it('makes Markdown of the same rows', () => {
    const lines = formatMarkdown([fps, cost]).split('\n');
    expect(lines[1]).toMatch(/^\| --- \|/);
    expect(lines[2]).toBe('| frames | 58.0 /s | >= 57 | 56.9 | 59.0 |  |');
  });
});

describe('shareOfBar', () => {
  it('is 1 at the bar and less within it, for either kind', () => {
    expect(shareOfBar({ bar: 40, sense: 'most' }, 20)).toBe(0.5);
    expect(shareOfBar({ bar: 40, sense: 'least' }, 80)).toBe(0.5);
    expect(shareOfBar({ bar: 40, sense: 'least' }, 20)).toBe(2);
  });
});

describe('drawChart', () => {
  const svg = drawChart([fps, latency, cost, reference], '2 cores & more');

  it('is well-formed, with what it says escaped', () => {
    const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
    expect(document.querySelector('parsererror')).toBeNull();
    expect(svg).toContain('2 cores &amp; more');
    expect(svg).toContain('latency &lt;p95&gt;');
  });

  it('has one dot for each bar, marked where it was missed', () => {
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg.match(/<circle class="miss"/g)).toHaveLength(1);
  });

  it('draws costs beside ffmpeg to one scale', () => {
    const widths = [...svg.matchAll(/<rect class="(?:own|other)"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toHaveLength(2);
    expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(0.4, 2);
  });

  it('keeps dots within the picture, however far a bar was missed', () => {
    const hopeless = judge({ id: 'h', what: 'h', values: [0], sense: 'least', bar: 5 });
    const centres = [...drawChart([hopeless], '').matchAll(/cx="([^"]+)"/g)].map(([, x]) => Number(x));
    expect(centres).toHaveLength(1);
    expect(centres.every((x) => x > 0 && x < 1020)).toBe(true);
  });

  it('does without costs if none were measured', () => {
    expect(drawChart([latency], '')).not.toContain('CPU time');
  });
});
