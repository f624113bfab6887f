import { ZjjError } from '../../errors.js';

/** Which of TOML's four date and time types a {@link TomlDateTime} is. */
export type TomlDateTimeKind = 'offset-date-time' | 'local-date-time' | 'local-date' | 'local-time';

const pattern = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(^|[Tt ])(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?([Zz]|[+-](\d\d):(\d\d))?)?$/;

/**
 * A TOML date or time. It keeps its text: `1979-05-27T07:32:00.999999-07:00` loses no digit and no offset. Immutable.
 *
 * @see https://toml.io/en/v1.0.0#offset-date-time
 */
export class TomlDateTime {
  readonly kind: TomlDateTimeKind;
  /** The text as it is in the file. */
  readonly text: string;

  /** Does the same as {@link parse}. The constructor is public so that schemas can test for instances of the class. */
  constructor(text: string) {
    const kind = kindOf(text);
    if (kind === undefined) throw new ZjjError('INVALID_VALUE', `Not a TOML date or time: ${JSON.stringify(text)}`);
    this.kind = kind;
    this.text = text;
    Object.freeze(this);
  }

  /**
   * Parses a TOML date, a time, or both. As in TOML 1.1, the seconds are optional.
   *
   * @param text The date or time, with nothing before or after it.
   * @throws {ZjjError} INVALID_VALUE: `text` is not a TOML date or time, or its day or time does not exist.
   * @example
   * TomlDateTime.parse('1979-05-27 07:32:00Z').kind // 'offset-date-time'
   */
  static parse(text: string): TomlDateTime {
    return new TomlDateTime(text);
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }

  /**
   * Converts an 'offset-date-time' to a Date. Digits beyond milliseconds are dropped. A leap second becomes the first
   * second of the next minute.
   *
   * @throws {TypeError} The kind is not 'offset-date-time': only that kind identifies an instant.
   * @example
   * TomlDateTime.parse('1979-05-27T00:32:00-07:00').toDate().toISOString() // '1979-05-27T07:32:00.000Z'
   */
  toDate(): Date {
    if (this.kind !== 'offset-date-time') throw new TypeError(`A ${this.kind} is not an instant: ${this.text}`);
    const [, year, month, day, , hour, minute, second = '00', fraction = '', offset = 'Z'] =
      pattern.exec(this.text) ?? [];
    const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:00${offset.toUpperCase()}`);
    return new Date(date.getTime() + Number(second) * 1000 + Number(fraction.slice(1, 4).padEnd(3, '0')));
  }
}

function kindOf(text: string): TomlDateTimeKind | undefined {
  const match = text === '' ? null : pattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, separator, hour, minute, second, , offset, offsetHour, offsetMinute] = match;
  if (year !== undefined && !isDay(Number(year), Number(month), Number(day))) return undefined;
  if (hour === undefined) return 'local-date';
  // A date and a separator need each other. Before a time alone the separator group matches `^`, which is empty text.
  if ((separator === '') !== (year === undefined)) return undefined;
  if (!isTime(Number(hour), Number(minute), Number(second ?? 0))) return undefined;
  if (offset === undefined) return year === undefined ? 'local-time' : 'local-date-time';
  if (year === undefined || !isTime(Number(offsetHour ?? 0), Number(offsetMinute ?? 0), 0)) return undefined;
  return 'offset-date-time';
}

function isDay(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (lengths[month - 1] ?? 0);
}

function isTime(hour: number, minute: number, second: number): boolean {
  return hour <= 23 && minute <= 59 && second <= 60;
}
