"""Few large bodies are held at a time, and few of them for one asker."""

import asyncio
from contextlib import AsyncExitStack

from torale.outbound.large_bodies import PLACES, PLACES_OF_ONE_ASKER, Place, Room


async def takes_at_once(place: Place) -> bool:
    """Return whether `place` can be taken without waiting for another."""
    taking = asyncio.create_task(place.take())
    for _ in range(5):
        await asyncio.sleep(0)
    if not taking.done():
        taking.cancel()
        return False
    return True


def test_one_asker_leaves_room_to_the_others():
    async def main() -> list[bool]:
        room = Room()
        async with AsyncExitStack() as stack:
            return [
                await takes_at_once(await stack.enter_async_context(room.place(asker)))
                for asker in [*["a"] * (PLACES_OF_ONE_ASKER + 1), "b"]
            ]

    assert asyncio.run(main()) == [True] * PLACES_OF_ONE_ASKER + [False, True]


def test_a_full_room_lets_the_next_one_in_when_one_leaves():
    async def main() -> list[bool]:
        room = Room()
        async with AsyncExitStack() as stack:
            for number in range(PLACES):
                place = await stack.enter_async_context(room.place(f"asker {number}"))
                await place.take()
            last = await stack.enter_async_context(room.place("last"))
            before = await takes_at_once(last)
            await place.leave()
            return [before, await takes_at_once(last)]

    assert asyncio.run(main()) == [False, True]


def test_who_has_fewest_places_comes_next_however_many_wait_before():
    async def main() -> list[tuple[bool, int]]:
        room = Room()
        async with AsyncExitStack() as stack:

            async def place(asker: str) -> Place:
                return await stack.enter_async_context(room.place(asker))

            taken = [
                await place(f"asker {number % (PLACES // PLACES_OF_ONE_ASKER)}")
                for number in range(PLACES)
            ]
            for each in taken:
                await each.take()
            waiting = [asyncio.create_task((await place("asker 0")).take()) for _ in range(20)]
            await asyncio.sleep(0)
            stranger = asyncio.create_task((await place("stranger")).take())
            await asyncio.sleep(0)
            ended = []
            for each in taken[:2]:
                await each.leave()
                for _ in range(50):
                    await asyncio.sleep(0)
                ended.append((stranger.done(), sum(waiter.done() for waiter in waiting)))
            for waiter in waiting:
                waiter.cancel()
            return ended

    assert asyncio.run(main()) == [(True, 0), (True, 1)]


def test_who_stops_waiting_holds_up_nobody():
    async def main() -> bool:
        room = Room()
        async with AsyncExitStack() as stack:

            async def place(asker: str) -> Place:
                return await stack.enter_async_context(room.place(asker))

            taken = [await place(f"asker {number}") for number in range(PLACES)]
            for each in taken:
                await each.take()
            first = asyncio.create_task((await place("stranger")).take())
            second = asyncio.create_task((await place("asker 1")).take())
            await asyncio.sleep(0)
            first.cancel()
            await taken[0].leave()
            async with asyncio.timeout(5):
                await second
            return second.done()

    assert asyncio.run(main())


def test_a_place_counts_once_for_all_bodies_and_is_left_at_the_end():
    async def main() -> tuple[int, int]:
        room = Room()
        async with room.place("a") as place:
            await place.take()
            await place.take()
            taken = room.taken.total()
        return taken, room.taken.total()

    assert asyncio.run(main()) == (1, 0)


def test_whoever_reads_nothing_large_takes_no_place():
    async def main() -> int:
        room = Room()
        async with room.place("a"):
            return room.taken.total()

    assert asyncio.run(main()) == 0
