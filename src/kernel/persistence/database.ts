/** The address of PostgreSQL, for code that needs a connection outside the pool. */
export class Database {
  constructor(
    /** Connects as the owner of the tables; connections of the application then take the role `causeflow_app`. */
    readonly url: string,
  ) {}
}
