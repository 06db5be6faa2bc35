/** Paths as text. */

/** Whether `path` is `ancestor` or lies below it; both absolute and normalised. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`);
}
