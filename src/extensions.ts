import type { Extension } from '#kernel/extension';

/** The only file to edit to add your own module. */
export const extensions: readonly Extension[] = [];
