/** Parts of an object that are made when they are first asked for. */

/** Makes a getter answer what it answered first. One that throws is asked again. */
export function lazy<This extends object, T>(
  get: (this: This) => T,
  _: ClassGetterDecoratorContext<This, T>,
): (this: This) => T {
  const known = new WeakMap<This, { readonly value: T }>();
  return function (this: This): T {
    let found = known.get(this);
    if (found === undefined) known.set(this, (found = { value: get.call(this) }));
    return found.value;
  };
}
