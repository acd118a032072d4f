import type { TenantId } from '#kernel/domain/ids';

/** Nobody on call needs a message that is older. */
export const GIVE_UP_AFTER_HOURS = 4;

/** Why a message is sent. */
export interface Occasion {
  readonly event: { readonly type: string; readonly data: object };
  /** The name of the trigger that fired. */
  readonly trigger: string;
  readonly text: string | null;
}

/** A message that waits to be sent. */
export interface ChatMessage {
  readonly place: string;
  /** Null for a message that is not about an incident. */
  readonly incidentId: string | null;
  readonly occasion: Occasion;
  /** How often it was sent in vain. */
  readonly tries: number;
  /** Where the earlier messages about its incident are, as the chat names it. */
  readonly thread: string | null;
}

/** The integration that a message is sent through. */
export interface ChatKey {
  readonly tenantId: TenantId;
  readonly integrationId: string;
}

/** The messages that wait, in the order in which they were requested, and the threads of those that were sent. */
export abstract class ChatMessages {
  abstract add(through: ChatKey, occasion: Occasion, requestedAt: Date): Promise<void>;

  /** The first one that may be sent now. */
  abstract next(through: ChatKey): Promise<ChatMessage | undefined>;

  /** @param thread undefined if the chat did not tell */
  abstract sent(through: ChatKey, message: ChatMessage, thread: string | undefined): Promise<void>;

  /** @param notBefore null if only the integration says when it is tried again */
  abstract failed(
    through: ChatKey,
    message: ChatMessage,
    failure: string,
    notBefore: Date | null,
  ): Promise<void>;

  /** Deletes those that were requested before. @returns why each was not sent, if it was tried */
  abstract giveUp(through: ChatKey, before: Date): Promise<(string | null)[]>;

  /** Deletes all of them. @returns how many */
  abstract forget(through: ChatKey): Promise<number>;
}
