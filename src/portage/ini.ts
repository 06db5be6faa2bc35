/** The format of Python's `configparser.ConfigParser`, in which repos.conf and sets.conf are written. */

/** A section, with all values interpolated. */
export interface Section {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
  readonly file: string;
  readonly line: number;
}

/** Something that Python refuses; Portage then throws all of the configuration away. */
export class IniProblem extends Error {
  constructor(
    readonly file: string,
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** As deep as Python's `configparser` follows `%(name)s`. */
const MAX_INTERPOLATION = 10;

/** What a section says itself, and where it was found first. */
interface OwnOptions {
  readonly options: Map<string, string>;
  readonly file: string;
  readonly line: number;
}

/** One file that is being read. */
class Reading {
  readonly #defaults: Map<string, string>;
  readonly #sections: Map<string, OwnOptions>;
  readonly #file: string;
  #section: Map<string, string> | undefined;
  #sectionName = '';
  #option: string | undefined;
  /** That of the option: what is indented more goes on with its value. */
  #indent = 0;
  /** Sections, and options with the names of theirs: none may come twice in a file. */
  readonly #seen = new Set<string>();
  /** The lines of values. */
  readonly #parts = new Map<Map<string, string>, Map<string, string[]>>();

  constructor(defaults: Map<string, string>, sections: Map<string, OwnOptions>, file: string) {
    this.#defaults = defaults;
    this.#sections = sections;
    this.#file = file;
  }

  line(line: string, number: number): void {
    const value = line.trim();
    if (value === '') return this.#append('');
    if (value.startsWith('#') || value.startsWith(';')) return;
    const column = line.search(/\S/);
    if (this.#option !== undefined && column > this.#indent) return this.#append(value);
    this.#indent = column;
    const header = /^\[(.+)\]/.exec(value)?.[1];
    if (header === undefined) this.#set(value, number);
    else this.#begin(header, number);
  }

  end(): void {
    for (const [target, options] of this.#parts) {
      for (const [name, lines] of options) target.set(name, lines.join('\n').trimEnd());
    }
  }

  #append(value: string): void {
    if (this.#section !== undefined && this.#option !== undefined)
      this.#parts.get(this.#section)?.get(this.#option)?.push(value);
  }

  #begin(name: string, line: number): void {
    this.#sectionName = name;
    this.#section = name === 'DEFAULT' ? this.#defaults : this.#optionsOf(name, line);
    if (!this.#parts.has(this.#section)) this.#parts.set(this.#section, new Map());
    this.#option = undefined;
  }

  #optionsOf(name: string, line: number): Map<string, string> {
    if (this.#seen.has(name)) throw new IniProblem(this.#file, line, `found a second section [${name}]`);
    this.#seen.add(name);
    const known = this.#sections.get(name);
    if (known !== undefined) return known.options;
    const options = new Map<string, string>();
    this.#sections.set(name, { options, file: this.#file, line });
    return options;
  }

  #set(value: string, line: number): void {
    if (this.#section === undefined)
      throw new IniProblem(this.#file, line, `found '${value}', expected a section such as [gentoo]`);
    const delimiter = value.search(/[=:]/);
    const name = value.slice(0, Math.max(0, delimiter)).trim().toLowerCase();
    if (name === '') throw new IniProblem(this.#file, line, `found '${value}', expected 'name = value'`);
    const key = `${this.#sectionName}\0${name}`;
    if (this.#seen.has(key))
      throw new IniProblem(this.#file, line, `found a second '${name}' in [${this.#sectionName}]`);
    this.#seen.add(key);
    this.#option = name;
    this.#parts.get(this.#section)?.set(name, [value.slice(delimiter + 1).trim()]);
  }
}

/** Reads such files one after the other; later ones add to sections and replace single values. */
export class IniReader {
  /** Not interpolated, as Portage reads them. */
  readonly defaults: Map<string, string>;
  readonly #sections = new Map<string, OwnOptions>();

  constructor(defaults: ReadonlyMap<string, string>) {
    this.defaults = new Map(defaults);
  }

  read(text: string, file: string): void {
    const reading = new Reading(this.defaults, this.#sections, file);
    for (const [i, line] of text.split('\n').entries()) reading.line(line, i + 1);
    reading.end();
  }

  sections(): Section[] {
    return [...this.#sections].map(([name, { options, file, line }]) => {
      const raw = new Map([...this.defaults, ...options]);
      const result = new Map<string, string>();
      for (const key of raw.keys()) {
        result.set(
          key,
          this.#interpolate(raw, key, 1, (message) => new IniProblem(file, line, `[${name}] ${message}`)),
        );
      }
      return { name, options: result, file, line };
    });
  }

  #interpolate(
    options: ReadonlyMap<string, string>,
    key: string,
    depth: number,
    problem: (message: string) => IniProblem,
  ): string {
    const raw = options.get(key) ?? '';
    if (!raw.includes('%')) return raw;
    if (depth > MAX_INTERPOLATION) throw problem(`'${key}' refers to itself`);
    return raw.replace(/%(%|\(([^)]+)\)s)?/g, (_, match: string | undefined, name: string | undefined) => {
      if (match === '%') return '%';
      if (name === undefined) throw problem(`${key}: found a single '%', expected '%%' or '%(name)s'`);
      const wanted = name.toLowerCase();
      if (!options.has(wanted)) throw problem(`${key}: there is no '${name}' for '%(${name})s'`);
      return this.#interpolate(options, wanted, depth + 1, problem);
    });
  }
}
