/** Numbers that several tables have as bounds. */

/** A day in milliseconds. */
export const DAY = 24 * 60 * 60 * 1000;
/** The longest delay of a timer, and the largest number that native code takes. */
export const MAX_INT32 = 0x7fffffff;
