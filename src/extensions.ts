import type { Extension } from '#kernel/extension';

/** The one file to edit to add a module of your own. */
export const extensions: readonly Extension[] = [];
