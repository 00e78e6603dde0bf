/**
 * Code whose next line stands several times above it, so that what is suggested first follows from
 * the file alone and any model that works will do. How far a model goes on is left to it.
 */

const AREA = (name: string): string => `def ${name}(shape):
    total = shape.width * shape.height
    log.info("area is %s", total)
    return total


`;

const DOOR = (name: string): string => `def ${name}(door):
    door.open(
        slowly=True)


`;

const COMBINED = (operator: string, i: number): string => `def combined_${i}(shape):
    return shape.width ${operator} shape.height


`;

const ABOVE = `import logging

log = logging.getLogger(__name__)


${repeated(AREA)}`;

/** Ends where a "." is missing: once it is typed, `REST` follows on the line. */
export const UNFINISHED = `${ABOVE}def fifth(shape):
    total = shape`;

export const REST = "width * shape.height";

/** Ends where a "." is missing: once it is typed, `REST_OF_DOOR` follows, which has two lines. */
export const UNFINISHED_DOOR = `${repeated(DOOR)}def fifth(door):
    door`;

export const REST_OF_DOOR = "open(\n        slowly=True)";

/**
 * Ends where a "." is missing: once it is typed, "width" follows, and then one of two as often seen.
 */
export const UNDECIDED = `${["*", "+", "*", "+"].map(COMBINED).join("")}def combined(shape):
    return shape`;

/** The functions above and then whatever a test wants. */
export function above(text: string): string {
  return ABOVE + text;
}

function repeated(one: (name: string) => string): string {
  return ["first", "second", "third", "fourth"].map(one).join("");
}
