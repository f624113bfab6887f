import { TomlDateTime, type TomlValue } from '../toml/index.js';
import { jsonLine } from './output.js';

/**
 * The JSON text of a value. Integers keep all their digits. Numbers that JSON lacks become strings: `"nan"`, `"inf"`,
 * `"-inf"`. Dates and times become strings, written as in the file.
 *
 * @param margin - The indentation of the line that the value starts on. Without it, the text is one line.
 */
export function jsonText(value: TomlValue, margin?: string): string {
  if (typeof value === 'string') return jsonLine(value);
  if (typeof value === 'number') return jsonNumber(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof TomlDateTime) return jsonLine(value.text);
  const inner = margin === undefined ? undefined : `${margin}  `;
  if (Array.isArray(value)) {
    return enclose(
      '[',
      value.map((item: TomlValue) => jsonText(item, inner)),
      ']',
      margin,
    );
  }
  const colon = margin === undefined ? ':' : ': ';
  const members = Object.entries(value).map(([key, member]) => jsonLine(key) + colon + jsonText(member, inner));
  return enclose('{', members, '}', margin);
}

function enclose(open: string, items: readonly string[], close: string, margin: string | undefined): string {
  if (items.length === 0) return open + close;
  if (margin === undefined) return open + items.join(',') + close;
  return `${open}\n${margin}  ${items.join(`,\n${margin}  `)}\n${margin}${close}`;
}

function jsonNumber(value: number): string {
  if (Number.isFinite(value)) return JSON.stringify(value);
  return `"${String(value).toLowerCase().replace('infinity', 'inf')}"`;
}
