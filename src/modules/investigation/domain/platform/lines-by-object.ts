import type { Cited } from '../evidence/cited.js';
import type { LogLine } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import { RelatedNames } from './related-names.js';

/** A line, and its position among all lines. */
export interface PlacedLine {
  readonly at: number;
  readonly line: Cited<LogLine>;
}

/** Lines by the object that they are about, each with a summary of its own lines that is made once, when it is first needed. */
export class LinesByObject<Summary> {
  private readonly lines = new Map<string, PlacedLine[]>();
  private readonly summaries = new Map<string, { readonly summary: Summary }>();
  private readonly names: RelatedNames;

  constructor(
    lines: readonly Cited<LogLine>[],
    nameOf: (line: LogLine) => string,
    private readonly summarise: (lines: readonly PlacedLine[]) => Summary,
  ) {
    for (const [at, line] of lines.entries())
      getOrAdd(this.lines, nameOf(line.row), () => []).push({ at, line });
    this.names = new RelatedNames(this.lines.keys());
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** The lines about this object and related ones, in their order. */
  about(name: string): Cited<LogLine>[] {
    const found = [...this.names.of(name)].flatMap((each) => this.lines.get(each) ?? []);
    return found.sort((a, b) => a.at - b.at).map(({ line }) => line);
  }

  /** The summaries of this object and of related ones. */
  summariesAbout(name: string): Summary[] {
    return Array.from(this.names.of(name), (each) => {
      const make = () => ({ summary: this.summarise(this.lines.get(each) ?? []) });
      return getOrAdd(this.summaries, each, make).summary;
    });
  }
}
