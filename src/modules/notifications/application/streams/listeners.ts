import type { LoggedEvent } from '#kernel/events/logged-event';
import { toPublicEvent } from '#kernel/events/public-events';
import type { EventStream } from './event-stream.js';
import { frameOf } from './frames.js';

/** Streams with the same filter: they share one buffer of frames. */
interface Group {
  readonly streams: Set<EventStream>;
  /** Collected for the next write. */
  frames: string[];
}

/** The live streams of one tenant, grouped by filter. */
export class Listeners {
  private readonly groups = new Map<string, Group>();
  /** Index for dispatch: by event type for streams of all incidents, by type and incident for the others. */
  private readonly groupsByTopic = new Map<string, Set<Group>>();

  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  add(stream: EventStream): void {
    const { filter } = stream;
    let group = this.groups.get(filter.key);
    if (!group) {
      group = { streams: new Set(), frames: [] };
      this.groups.set(filter.key, group);
      for (const type of filter.types) this.subscribedTo(type, filter.incidentId).add(group);
    }
    group.streams.add(stream);
  }

  remove(stream: EventStream): void {
    const { filter } = stream;
    const group = this.groups.get(filter.key);
    if (!group?.streams.delete(stream) || group.streams.size > 0) return;
    this.groups.delete(filter.key);
    for (const type of filter.types) {
      const groups = this.subscribedTo(type, filter.incidentId);
      groups.delete(group);
      if (groups.size === 0) this.groupsByTopic.delete(topic(type, filter.incidentId));
    }
  }

  /** Sends each event to each stream whose filter matches: serialised once, and one write per stream. */
  publish(events: readonly LoggedEvent[]): void {
    const pending = new Set<Group>();
    for (const event of events) {
      const groups = this.groupsFor(event);
      if (groups.length === 0) continue;
      const frame = frameOf(toPublicEvent(event));
      for (const group of groups) {
        group.frames.push(frame);
        pending.add(group);
      }
    }
    for (const group of pending) {
      const chunk = Buffer.from(group.frames.join(''));
      group.frames = [];
      for (const stream of group.streams) stream.send(chunk);
    }
  }

  private groupsFor({ type, incidentId }: LoggedEvent): Group[] {
    const any = this.groupsByTopic.get(topic(type, undefined)) ?? [];
    const one = incidentId === null ? [] : (this.groupsByTopic.get(topic(type, incidentId)) ?? []);
    return [...any, ...one];
  }

  private subscribedTo(type: string, incidentId: string | undefined): Set<Group> {
    const key = topic(type, incidentId);
    let groups = this.groupsByTopic.get(key);
    if (!groups) this.groupsByTopic.set(key, (groups = new Set()));
    return groups;
  }
}

function topic(type: string, incidentId: string | undefined): string {
  return `${type} ${incidentId ?? ''}`;
}
