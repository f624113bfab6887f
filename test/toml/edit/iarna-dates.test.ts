import { parse as parseIarna } from '@iarna/toml';
import { describe, expect, test } from 'vitest';
import { TomlDocument } from '../../../src/toml/index.js';
import { canIarnaReadDates } from './iarna-dates.js';

const dates = ['2024-02-29'];
const times = ['03:04', '03:04:05', '03:04:05.25'];
const dateTimes = ['T', 't', ' '].flatMap((separator) =>
  times.flatMap((time) => ['', 'Z', 'z', '+01:30'].map((offset) => `2024-02-29${separator}${time}${offset}`)),
);
const spaces = ['', ' ', '  ', '\t'];
const places: readonly (readonly [before: string, afters: readonly string[]])[] = [
  ['a = ', ['', '\n', '\n\n', '# c\n', '\n# c\n', '\nb = 1\n', '\n\tb = 1\n', '\n\nb = 1\n', '\n[t]\n', '\n"b" = 1\n']],
  ['a = [ ', [']', ',]', ', 1 ]', ',\n# ]\n]', ', # ]\n 1 ]', '\n]', '\n, 1 ]', '# c\n]']],
  ['a = { b = ', ['}', ', c = 1 }', ',c = 1 }']],
];

describe('canIarnaReadDates is true exactly if @iarna/toml reads', () => {
  test.each([...dates, ...times, ...dateTimes])('%s', (date) => {
    for (const [before, afters] of places) {
      for (const after of afters.flatMap((after) => spaces.map((space) => space + after))) {
        const text = before + date + after;
        expect(() => TomlDocument.parse(text)).not.toThrow();
        expect(canIarnaReadDates(text), JSON.stringify(text)).toBe(isReadByIarna(text));
      }
    }
  });
});

function isReadByIarna(text: string): boolean {
  try {
    parseIarna(text);
    return true;
  } catch {
    return false;
  }
}
