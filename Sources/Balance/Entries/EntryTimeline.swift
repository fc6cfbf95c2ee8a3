import IPVSModel
import SchedulerModels

/// How many entries each real server had at the instant of each assignment, as far as the evidence tells.
///
/// Three kinds of evidence are followed in order of time: assignments, each an entry more; what became of entries by the
/// kernel's rules, replayed on the packets; and the kernel's own readings. These last correct what the others missed.
/// Where a reading contradicts what was expected, the counts since the reading before it are taken to be uncertain by as
/// much: the evidence is gone through twice, the first time for nothing but these contradictions.
struct EntryTimeline {
    /// Events that may have come in another order than they were captured in: the same as for assignments.
    static let window = Reordering.window

    /// What is over so soon is not waited for.
    ///
    /// - Unit: nanoseconds.
    private static let moments: Int64 = 20_000_000

    private enum Step {
        case assignment(index: Int, server: Int?)
        case change(server: Int, active: Int, inactive: Int, EntryCounter.Certainty)
        case reading(from: Int, to: Int)

        /// Takes into account that this may have happened, or not.
        ///
        /// - Parameter sign: -1 if it was counted, 1 if not.
        func widen(_ slack: inout [(active: ClosedRange<Int>, inactive: ClosedRange<Int>)], by sign: Int) {
            switch self {
            case .assignment(_, let server?): slack[server].active = slack[server].active.widened(by: sign)
            case .change(let server, let active, let inactive, .exactly):
                slack[server].active = slack[server].active.widened(by: sign * active)
                slack[server].inactive = slack[server].inactive.widened(by: sign * inactive)
            case .assignment, .change, .reading: break
            }
        }
    }

    private struct Event {
        var time: Int64
        var step: Step
    }

    private let events: [Event]
    private let leavesEntries: Bool
    private let readings: [(server: Int, began: Int64, ended: Int64, active: Int, inactive: Int)]
    /// By reading and server: how far what was expected was off.
    private var surprises: [[EntryCounter.Surprise]] = []

    private var counters: [(active: EntryCounter, inactive: EntryCounter)]
    private var next = 0
    private(set) var readingsPassed = 0

    init(_ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence) {
        var events: [Event] = []
        events.reserveCapacity(evidence.assignments.count + evidence.entryChanges.count + evidence.entryReadings.count)
        for (index, assignment) in evidence.assignments.enumerated() {
            let choice = sequence.choices[index]
            events.append(
                Event(
                    time: assignment.time.rawValue,
                    step: .assignment(index: index, server: choice < 0 ? nil : choice)))
        }
        // A datagram that is scheduled for itself leaves no entry behind.
        leavesEntries = !evidence.configurations.contains { $0.flags.contains(.onePacket) }
        for change in evidence.entryChanges {
            guard let server = sequence.number(of: change.realServer) else { continue }
            let (time, latest) = (change.time.rawValue, change.latest.rawValue)
            let step = { Step.change(server: server, active: Int(change.active), inactive: Int(change.inactive), $0) }
            let isMore = change.active > 0 || change.inactive > 0
            if latest == time || isMore {
                events.append(Event(time: time, step: step(.exactly)))
            } else if latest - time <= Self.moments {
                events.append(Event(time: time, step: step(.begins)))
                events.append(Event(time: latest, step: step(.ends)))
            } else {
                events.append(Event(time: time, step: step(.sometime)))
            }
        }
        var readings: [(server: Int, began: Int64, ended: Int64, active: Int, inactive: Int)] = []
        for reading in evidence.entryReadings {
            guard let server = sequence.number(of: reading.realServer) else { continue }
            readings.append(
                (
                    server, reading.began.rawValue, reading.ended.rawValue, Int(reading.active),
                    Int(reading.inactive)
                ))
        }
        var start = 0
        for index in readings.indices
        where index + 1 == readings.count || readings[index + 1].began != readings[start].began {
            events.append(Event(time: readings[start].ended, step: .reading(from: start, to: index)))
            start = index + 1
        }
        // Stable: a change at the time of its assignment makes up for it.
        let order = events.indices.sorted { (events[$0].time, $0) < (events[$1].time, $1) }
        self.events = order.map { events[$0] }
        self.readings = readings
        counters = sequence.servers.map { _ in (EntryCounter(), EntryCounter()) }
        learnSurprises()
    }

    /// Whether the kernel was read at all.
    var isKnown: Bool { !readings.isEmpty }

    private mutating func learnSurprises() {
        var trial = self
        while trial.next < events.count { trial.step() }
        surprises = trial.surprises
    }

    /// The entries of each server just before an assignment; calls come in order.
    ///
    /// - Parameter index: The assignment's place in the evidence.
    mutating func bounds(before index: Int) -> [EntryBounds] {
        while next < events.count {
            if case .assignment(index: index, server: _) = events[next].step { break }
            step()
        }
        return bounds { _ in (0...0, 0...0) }
    }

    /// The same as at the last call, if what was captured within the window around that assignment may have come before
    /// it or after it.
    func boundsWithinWindow() -> [EntryBounds] {
        let time = next < events.count ? events[next].time : .max
        var slack = counters.map { _ in (active: 0...0, inactive: 0...0) }
        var place = next
        while place > 0, events[place - 1].time >= time - Self.window {
            place -= 1
            events[place].step.widen(&slack, by: -1)
        }
        // The first that is left is the assignment itself.
        place = next + 1
        while place < events.count, events[place].time <= time + Self.window {
            events[place].step.widen(&slack, by: 1)
            place += 1
        }
        return bounds { slack[$0] }
    }

    private func bounds(widenedBy slack: (Int) -> (active: ClosedRange<Int>, inactive: ClosedRange<Int>))
        -> [EntryBounds]
    {
        counters.indices.map { server in
            let surprise = readingsPassed < surprises.count ? surprises[readingsPassed] : []
            let (active, inactive) =
                surprise.isEmpty ? (0...0, 0...0) : (surprise[2 * server].range, surprise[2 * server + 1].range)
            let extra = slack(server)
            return EntryBounds(
                active: counters[server].active.range(active, extra.active),
                inactive: counters[server].inactive.range(inactive, extra.inactive))
        }
    }

    private mutating func step() {
        let event = events[next]
        next += 1
        switch event.step {
        case .assignment where !leavesEntries: break
        case .assignment(_, let server?): counters[server].active.add(1, at: event.time)
        case .assignment(_, nil):
            // One of them has it.
            for server in counters.indices { counters[server].active.addPerhaps() }
        case .change(let server, let active, let inactive, let certainty):
            counters[server].active.add(active, at: event.time, certainty)
            counters[server].inactive.add(inactive, at: event.time, certainty)
        case .reading(let first, let last):
            var found = Array(repeating: EntryCounter.Surprise(), count: 2 * counters.count)
            for reading in readings[first...last] {
                found[2 * reading.server] = counters[reading.server].active.correct(
                    reading.active, readFrom: reading.began)
                found[2 * reading.server + 1] = counters[reading.server].inactive.correct(
                    reading.inactive, readFrom: reading.began)
            }
            if surprises.count == readingsPassed { surprises.append(found) }
            readingsPassed += 1
        }
    }
}

extension ClosedRange<Int> {
    /// The range that takes in both ends of a step of its own.
    fileprivate func widened(by step: Int) -> Self {
        step < 0 ? lowerBound + step...upperBound : lowerBound...upperBound + step
    }
}
