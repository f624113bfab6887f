import { TomlDateTime, type TomlValue } from '../toml/index.js';
import { escapeControls } from './output.js';

/**
 * The JSON text of a value. Integers keep all their digits; what JSON has no numbers for is a string: `"nan"`,
 * `"inf"`, `"-inf"`. Dates and times are strings, as they stand in the file.
 *
 * @param margin The spaces that the value's own line begins with; none gives everything in one line.
 */
export function jsonText(value: TomlValue, margin?: string): string {
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') return jsonNumber(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof TomlDateTime) return jsonString(value.text);
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
  const members = Object.entries(value).map(([key, member]) => jsonString(key) + colon + jsonText(member, inner));
  return enclose('{', members, '}', margin);
}

function enclose(open: string, items: readonly string[], close: string, margin: string | undefined): string {
  if (items.length === 0) return open + close;
  if (margin === undefined) return open + items.join(',') + close;
  return `${open}\n${margin}  ${items.join(`,\n${margin}  `)}\n${margin}${close}`;
}

/** JSON lets DEL, C1 and the bidirectional controls stand raw; a terminal obeys them. */
function jsonString(text: string): string {
  return escapeControls(JSON.stringify(text));
}

function jsonNumber(value: number): string {
  if (Number.isFinite(value)) return JSON.stringify(value);
  return `"${String(value).toLowerCase().replace('infinity', 'inf')}"`;
}
