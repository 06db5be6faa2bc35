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

/** Reads such files one after the other; later ones add to sections and replace single values. */
export class IniReader {
  /** Not interpolated, as Portage reads them. */
  readonly defaults: Map<string, string>;
  readonly #sections = new Map<string, { options: Map<string, string>; file: string; line: number }>();

  constructor(defaults: ReadonlyMap<string, string>) {
    this.defaults = new Map(defaults);
  }

  read(text: string, file: string): void {
    let section: Map<string, string> | undefined;
    let sectionName = '';
    let option: string | undefined;
    let indent = 0;
    const seen = new Set<string>();
    const parts = new Map<Map<string, string>, Map<string, string[]>>();
    const append = (value: string): void => {
      if (section !== undefined && option !== undefined) parts.get(section)?.get(option)?.push(value);
    };
    let number = 0;
    for (const line of text.split('\n')) {
      number++;
      const value = line.trim();
      if (value === '') {
        append('');
        continue;
      }
      if (value.startsWith('#') || value.startsWith(';')) continue;
      const column = line.search(/\S/);
      if (section !== undefined && option !== undefined && column > indent) {
        append(value);
        continue;
      }
      indent = column;
      const header = /^\[(.+)\]/.exec(value)?.[1];
      if (header !== undefined) {
        if (header !== 'DEFAULT' && seen.has(header)) {
          throw new IniProblem(file, number, `found a second section [${header}]`);
        }
        sectionName = header;
        if (header === 'DEFAULT') section = this.defaults;
        else {
          seen.add(header);
          const known = this.#sections.get(header);
          section = known?.options ?? new Map();
          if (known === undefined) this.#sections.set(header, { options: section, file, line: number });
        }
        if (!parts.has(section)) parts.set(section, new Map());
        option = undefined;
        continue;
      }
      if (section === undefined) {
        throw new IniProblem(file, number, `found '${value}', expected a section such as [gentoo]`);
      }
      const delimiter = value.search(/[=:]/);
      const name = value.slice(0, Math.max(0, delimiter)).trim().toLowerCase();
      if (name === '') {
        throw new IniProblem(file, number, `found '${value}', expected 'name = value'`);
      }
      const key = `${sectionName}\0${name}`;
      if (seen.has(key)) throw new IniProblem(file, number, `found a second '${name}' in [${sectionName}]`);
      seen.add(key);
      option = name;
      parts.get(section)?.set(name, [value.slice(delimiter + 1).trim()]);
    }
    for (const [target, options] of parts) {
      for (const [name, lines] of options) target.set(name, lines.join('\n').trimEnd());
    }
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
