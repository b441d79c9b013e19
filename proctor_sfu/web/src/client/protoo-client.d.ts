// The part of protoo-client (which ships no types) that is used.

declare module "protoo-client/lib/Peer.js" {
  export interface Message {
    readonly method: string;
    readonly data: unknown;
  }

  export interface Transport {
    readonly closed: boolean;
    close(): void;
    send(message: unknown): Promise<void>;
    on(event: string, listener: (...values: never[]) => void): unknown;
  }

  export default class Peer {
    constructor(transport: Transport);
    readonly closed: boolean;
    close(): void;
    request(method: string, data?: unknown): Promise<unknown>;
    on(event: "open" | "close", listener: () => void): this;
    on(event: "notification", listener: (message: Message) => void): this;
    on(
      event: "request",
      listener: (
        message: Message,
        accept: (data?: unknown) => void,
        reject: (code: number, reason: string) => void,
      ) => void,
    ): this;
  }
}

declare module "protoo-client/lib/EnhancedEventEmitter.js" {
  export default class EnhancedEventEmitter {
    on(event: string, listener: (...values: never[]) => void): this;
    safeEmit(event: string, ...values: unknown[]): void;
  }
}

declare module "protoo-client/lib/Message.js" {
  const Message: { parse(raw: unknown): object | undefined };
  export default Message;
}
