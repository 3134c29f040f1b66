from textual.app import App

from tui.throttle import Throttle

SHORT_S = 0.05


async def test_calls_at_once_and_then_once_in_a_while() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        calls: list[int] = []
        throttle = Throttle(app, SHORT_S, lambda: calls.append(len(calls)))

        throttle.ask()
        assert calls == [0]
        for _ in range(100):
            throttle.ask()
        assert calls == [0]
        while len(calls) < 2:
            await pilot.pause(SHORT_S / 5)
        await pilot.pause(SHORT_S * 4)
        assert calls == [0, 1]

        throttle.ask()
        assert calls == [0, 1, 2]
