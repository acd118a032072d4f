import type { LoggedEvent } from '#kernel/events/logged-event';
import { told } from '#kernel/events/told-events';
import type { EventStream } from './event-stream.js';
import { frameOf } from './frames.js';

/** Streams that want the same: one piece of bytes serves them all. */
interface Group {
  readonly streams: Set<EventStream>;
  /** What is being gathered for them. */
  frames: string[];
}

/** The streams of one tenant that follow live, found by what they want. */
export class Listeners {
  private readonly groups = new Map<string, Group>();
  /** By type, for streams that want every incident, and by type and incident for the others. */
  private readonly wanting = new Map<string, Set<Group>>();

  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  add(stream: EventStream): void {
    const { filter } = stream;
    let group = this.groups.get(filter.key);
    if (!group) {
      group = { streams: new Set(), frames: [] };
      this.groups.set(filter.key, group);
      for (const type of filter.types) this.wantingOf(type, filter.incidentId).add(group);
    }
    group.streams.add(stream);
  }

  remove(stream: EventStream): void {
    const { filter } = stream;
    const group = this.groups.get(filter.key);
    if (!group?.streams.delete(stream) || group.streams.size > 0) return;
    this.groups.delete(filter.key);
    for (const type of filter.types) {
      const groups = this.wantingOf(type, filter.incidentId);
      groups.delete(group);
      if (groups.size === 0) this.wanting.delete(wish(type, filter.incidentId));
    }
  }

  /** Sends each event to each stream that wants it: serialised once, and in one write a stream. */
  tell(events: readonly LoggedEvent[]): void {
    const gathered = new Set<Group>();
    for (const event of events) {
      const groups = this.groupsFor(event);
      if (groups.length === 0) continue;
      const frame = frameOf(told(event));
      for (const group of groups) {
        group.frames.push(frame);
        gathered.add(group);
      }
    }
    for (const group of gathered) {
      const chunk = Buffer.from(group.frames.join(''));
      group.frames = [];
      for (const stream of group.streams) stream.send(chunk);
    }
  }

  private groupsFor({ type, incidentId }: LoggedEvent): Group[] {
    const any = this.wanting.get(wish(type, undefined)) ?? [];
    const one = incidentId === null ? [] : (this.wanting.get(wish(type, incidentId)) ?? []);
    return [...any, ...one];
  }

  private wantingOf(type: string, incidentId: string | undefined): Set<Group> {
    const key = wish(type, incidentId);
    let groups = this.wanting.get(key);
    if (!groups) this.wanting.set(key, (groups = new Set()));
    return groups;
  }
}

function wish(type: string, incidentId: string | undefined): string {
  return `${type} ${incidentId ?? ''}`;
}
