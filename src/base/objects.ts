/** What the compiler does not know of objects that are made here. */

/** The names in a table that has no others than its type says. */
export function keysOf<T extends object>(table: T): (keyof T & string)[] {
  return Object.keys(table) as (keyof T & string)[];
}
