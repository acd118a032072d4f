import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { notFound } from '#kernel/domain/errors';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { ChangeUser } from './change-user.js';
import { CreateUser } from './create-user.js';
import { DeleteUser } from './delete-user.js';
import { ListUsers } from './list-users.js';
import { Users } from './user.schema.js';
import { ChangeUserBody, CreateUserBody, NewUserView, UserPage, UserView, viewOf } from './users.dto.js';

@Controller('v1/users')
@ApiTags('users')
export class UsersController {
  constructor(
    private readonly users: Users,
    private readonly listUsers: ListUsers,
    private readonly createUser: CreateUser,
    private readonly changeUser: ChangeUser,
    private readonly deleteUser: DeleteUser,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listUsers', summary: 'List the users of your tenant' })
  @ApiOkResponse({ type: UserPage })
  @errorResponses(400, 401, 403, 429)
  list(@Caller() { tenantId }: Principal, @Query() query: PageQuery): Promise<UserPage> {
    return this.listUsers.execute(tenantId, query);
  }

  @Post()
  @Allow({ role: 'admin' })
  @ApiOperation({ operationId: 'createUser', summary: 'Add a user to your tenant' })
  @ApiCreatedResponse({ type: NewUserView })
  @errorResponses(400, 401, 403, 409, 429)
  async create(
    @Caller() { tenantId }: Principal,
    @Body() body: CreateUserBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewUserView> {
    const user = await this.createUser.execute(tenantId, body);
    response.location(`/v1/users/${user.userId}`);
    return user;
  }

  @Get(':userId')
  @ApiOperation({ operationId: 'getUser', summary: 'Read a user of your tenant' })
  @ApiOkResponse({ type: UserView })
  @errorResponses(401, 403, 404, 429)
  async get(@Caller() { tenantId }: Principal, @Param('userId') userId: string): Promise<UserView> {
    const user = await this.users.get(tenantId, userId);
    if (user.isDeleted) throw notFound('user');
    return viewOf(user);
  }

  @Patch(':userId')
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'updateUser',
    summary: 'Update a user of your tenant',
    description: 'A change of role revokes every earlier token of the user.',
  })
  @ApiOkResponse({ type: UserView })
  @errorResponses(400, 401, 403, 404, 409, 429)
  change(
    @Caller() caller: Principal,
    @Param('userId') userId: string,
    @Body() body: ChangeUserBody,
  ): Promise<UserView> {
    return this.changeUser.execute(caller, userId, body);
  }

  @Delete(':userId')
  @Allow({ role: 'admin' })
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteUser', summary: 'Remove a user from your tenant' })
  @ApiNoContentResponse()
  @errorResponses(401, 403, 404, 409, 429)
  delete(@Caller() caller: Principal, @Param('userId') userId: string): Promise<void> {
    return this.deleteUser.execute(caller, userId);
  }
}
