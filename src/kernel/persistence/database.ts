/** Where PostgreSQL listens, for the few that need a connection of their own beside the pool. */
export class Database {
  constructor(
    /** Of the owner of the tables; whoever connects with it for the application takes the role `causeflow_app`. */
    readonly url: string,
  ) {}
}
