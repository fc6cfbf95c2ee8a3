import IPVSModel
import SchedulerModels
import TestSupport
import Testing

private let equal = list((30, 1), (20, 1), (10, 1))

@Suite struct RoundRobinTests {
    @Test(arguments: [
        (list((30, 1), (20, 1), (10, 1)), [30, 20, 10, 30, 20, 10]),
        (list((30, 5), (20, 0), (10, 1)), [30, 10, 30, 10]),
        (list((30, 1), (20, -1), (10, 7)), [30, 10, 30, 10]),
        (list((30, 1)), [30, 30, 30]),
    ])
    func `a fresh scheduler serves the list in the kernel's order`(candidates: [SchedulingCandidate], order: [Int]) {
        var model = RoundRobin(startingWith: candidates)
        #expect(model.observe(all: order).allSatisfy { $0 == .conforming })
    }

    @Test func `a fresh scheduler cannot begin in the middle`() {
        var model = RoundRobin(startingWith: equal)
        #expect(model.observe(20) == .violation(Violation(expected: [30], unseenToExplain: 1)))
    }

    @Test(arguments: [10, 20, 30])
    func `attached in mid-stream the first choice is free and fixes the second`(first: Int) {
        let next = [30: 20, 20: 10, 10: 30]
        var model = RoundRobin(attachedTo: equal)
        #expect(model.observe(first) == .conforming)
        var other = model
        #expect(model.observe(next[first]!) == .conforming)
        #expect(
            other.observe(first) == .violation(Violation(expected: [next[first]!], unseenToExplain: 2)))
    }

    @Test func `after a violation the model goes on from the choice that was made`() {
        var model = RoundRobin(startingWith: equal)
        let observations = model.observe(all: [30, 10, 30, 20])
        #expect(observations[1] == .violation(Violation(expected: [20], unseenToExplain: 1)))
        #expect(observations[2] == .conforming)
        #expect(observations[3] == .conforming)
    }

    @Test func `a server of weight 0 cannot be explained by unseen assignments`() {
        var model = RoundRobin(attachedTo: list((30, 1), (20, 0), (10, 1)))
        #expect(model.observe(20) == .violation(Violation(expected: [30, 10], unseenToExplain: nil)))
        #expect(model.observe(10) == .conforming)
    }

    @Test func `a server that is not in the list leaves every cursor possible`() {
        var model = RoundRobin(startingWith: equal)
        #expect(model.observe(99) == .violation(Violation(expected: [30], unseenToExplain: nil)))
        #expect(model.observe(10) == .conforming)
    }

    @Test func `a list without eligible servers expects nobody`() {
        var model = RoundRobin(startingWith: list((30, 0)))
        #expect(model.observe(30) == .violation(Violation(expected: [], unseenToExplain: nil)))
        model.observeUnseen()
        var empty = RoundRobin(attachedTo: [])
        #expect(empty.observe(30) == .violation(Violation(expected: [], unseenToExplain: nil)))
        empty.observeUnseen()
    }

    @Test func `an unseen choice may have been made or not`() {
        for next in [20, 10] {
            var model = RoundRobin(startingWith: equal)
            _ = model.observe(30)
            model.observeUnseen()
            #expect(model.observe(next) == .conforming)
        }
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        model.observeUnseen()
        #expect(model.observe(30) == .violation(Violation(expected: [20, 10], unseenToExplain: 1)))
    }

    @Test func `a server with an upper threshold may be passed over or chosen`() {
        let candidates = [
            SchedulingCandidate(server: 30, weight: 1),
            SchedulingCandidate(server: 20, weight: 1, hasUpperThreshold: true),
            SchedulingCandidate(server: 10, weight: 1),
        ]
        var model = RoundRobin(startingWith: candidates)
        #expect(model.observe(all: [30, 20, 10, 30]).allSatisfy { $0 == .conforming })
        #expect(model.observe(10) == .permitted(.overload))
        #expect(model.observe(all: [30, 20]).allSatisfy { $0 == .conforming })
        #expect(model.observe(30) == .violation(Violation(expected: [10], unseenToExplain: 1)))
    }

    @Test(arguments: UInt64(0)..<50)
    func `what it follows by itself is what it would have said of one after the other`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let candidates = (0..<Int.random(in: 1...5, using: &random)).map {
            SchedulingCandidate(
                server: $0, weight: Int32.random(in: 0...1, using: &random),
                hasUpperThreshold: Int.random(in: 0..<6, using: &random) == 0)
        }
        var plain = RoundRobin(attachedTo: candidates)
        var quick = plain
        // Mostly in turn, now and then unseen or wrong.
        let able = candidates.filter { $0.weight > 0 }.map(\.server)
        let choices = (0..<60).map { place -> Int in
            switch Int.random(in: 0..<20, using: &random) {
            case 0: Int.random(in: 0..<candidates.count, using: &random)
            case 1: -1
            default: able.isEmpty ? 0 : able[place % able.count]
            }
        }
        var place = 0
        while place < choices.count {
            let followed = quick.follow(choices[place...])
            for choice in choices[place..<place + followed] { #expect(plain.observe(choice) == .conforming) }
            place += followed
            guard place < choices.count else { break }
            if choices[place] < 0 {
                plain.observeUnseen()
                quick.observeUnseen()
            } else {
                #expect(plain.observe(choices[place]) == quick.observe(choices[place]))
            }
            place += 1
        }
    }

    @Test func `binding the scheduler anew puts the cursor at the head`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(all: [30, 20])
        model = RoundRobin(startingWith: equal)
        #expect(model.observe(30) == .conforming)
    }

    @Test func `every modelled scheduler names itself as the kernel does`() {
        for scheduler in ModelledScheduler.allCases {
            #expect(scheduler.model.scheduler.rawValue == scheduler.rawValue)
        }
        #expect(ModelledScheduler(Scheduler(rawValue: "unheard-of")) == nil)
    }
}

@Suite struct RoundRobinChangeTests {
    /// A change to `candidates` that is over at once.
    private func change(_ model: inout RoundRobin, to candidates: [SchedulingCandidate]) {
        model.beginChange(to: candidates)
        model.endChange()
    }

    @Test func `an edit leaves the cursor alone`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        change(&model, to: list((30, 1), (20, 0), (10, 1)))
        #expect(model.observe(10) == .conforming)
        change(&model, to: equal)
        #expect(model.observe(all: [30, 20]) == [.conforming, .conforming])
    }

    @Test func `a server added at the head waits for the cursor to come round`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        change(&model, to: list((40, 1), (30, 1), (20, 1), (10, 1)))
        #expect(model.observe(all: [20, 10, 40, 30]).allSatisfy { $0 == .conforming })
    }

    @Test func `a server added before the first choice is chosen first`() {
        var model = RoundRobin(startingWith: equal)
        change(&model, to: list((40, 1), (30, 1), (20, 1), (10, 1)))
        #expect(model.observe(40) == .conforming)
    }

    @Test func `deleting the server under the cursor moves it back to the one before`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(all: [30, 20])
        change(&model, to: list((30, 1), (10, 1)))
        #expect(model.observe(10) == .conforming)
    }

    @Test func `deleting the first server under the cursor moves it to the head`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        change(&model, to: list((20, 1), (10, 1)))
        #expect(model.observe(20) == .conforming)
    }

    @Test(arguments: [40, 20])
    func `deleting the first and adding another may happen in either order`(next: Int) {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        change(&model, to: list((40, 1), (20, 1), (10, 1)))
        #expect(model.observe(next) == .conforming)
    }

    @Test func `deleting and adding again moves a server to the head of the list`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        change(&model, to: list((20, 1), (30, 1), (10, 1)))
        #expect(model.observe(all: [10, 20, 30]).allSatisfy { $0 == .conforming })
    }

    @Test func `while a change is pending both lists hold, afterwards only the new one`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        model.beginChange(to: list((30, 1), (20, 0), (10, 1)))
        #expect(model.observe(20) == .permitted(.configurationChange))
        #expect(model.observe(all: [10, 30]) == [.conforming, .conforming])
        #expect(model.observe(10) == .permitted(.configurationChange))
        model.endChange()
        #expect(model.observe(30) == .conforming)
        #expect(model.observe(20) == .violation(Violation(expected: [10], unseenToExplain: nil)))
    }

    @Test func `a pending change excuses nobody whom neither list would choose`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        model.beginChange(to: list((30, 1), (20, 0), (10, 1)))
        #expect(model.observe(30) == .violation(Violation(expected: [20, 10], unseenToExplain: 1)))
    }

    @Test func `a second change takes the first as done`() {
        var model = RoundRobin(startingWith: equal)
        _ = model.observe(30)
        model.beginChange(to: list((40, 1), (30, 1), (20, 1), (10, 1)))
        model.beginChange(to: list((40, 1), (30, 1), (20, 1)))
        #expect(model.observe(20) == .conforming)
        model.endChange()
        #expect(model.observe(all: [40, 30, 20]).allSatisfy { $0 == .conforming })
    }
}
