"""The labelled test sets of the package: our own sentences, filled with invented values by a seed.

Usage: python bench/make_pii_sets.py [--check]

Every value is made up: example domains, documentation address ranges, telephone numbers reserved for fiction, random digits with a valid checksum.
Bodies and clauses were written by hand, without looking at the detector's patterns. Each set is cut in two: `tune` may be looked at while the
detector is made, `report` may not, and figures are quoted from `report`. Clauses (bank), carriers (obfuscated) and sentences are cut, not rows, so
that no phrasing stands in both halves.
"""
# ruff: noqa: E501, UP031
import argparse
import hashlib
import json
import random
import re
from pathlib import Path

from pii_phrases import DOCUMENTS, SERVICE, SERVICE_BODIES, SERVICE_LOOKALIKES

SETS = Path(__file__).resolve().parent.parent/'pilot_to_prod'/'data'/'sets'
HALVES = ('tune', 'report')

FIRST = '''Aisling Bartosz Chidinma Dmitri Eleni Farouk Gwendolyn Hamish Ingrid Jarosław Kwabena Lucía Mehmet Niamh Olamide Parveen Quentin Rosalind Siobhan Thandeka
Ulrike Vikram Winifred Xiomara Yusuf Zofia Abigail Benedict Catrin Declan Esmeralda Florian Gillian Hiroshi Imogen Jolanta Kieran Leticia Magnus Nkechi Oswaldo
Pádraig Rhiannon Samira Tariq Ursula Valentina Wojciech Yetunde Zainab Anneliese Bogdan Clementine Dilip Eun-ji Fatoumata Graham Heather Ivan Joyce'''.split()
LAST = '''Abernathy Bjornstad Chukwuma Delacroix Eriksen Farquhar Grzelak Holloway Ibarra Jankowski Karamanlis Lindgren Mbeki Nakagawa O'Shaughnessy Pemberton
Quispe Ravindran Szabo Thistlewood Uzun Vantongeren Whitcombe Xenakis Yilmaz Zielinska Ashdown Brannigan Castellanos Dunleavy Engelhardt Fitzwilliam Gallacher
Hargreaves Iyer Juhasz Kowalczyk Laidlaw Montague-Reyes Nwosu Ostrowski Petrakis Rautio Sutcliffe Tremblay Vasquez Wadsworth Yamashita Zawadzki Achterberg'''.split()
STREETS = '''Harbourmaster Quarryfield Nettlecombe Saltmarsh Bellfounders Ropewalk Foxglove Tannery Millrace Larkspur Weavers Copperfield Thornbury Gasworks Limekiln
Cloverfield Signalbox Hawthorn Wheelwright Brambleside'''.split()
UK_KINDS = 'Road Lane Street Close Avenue Crescent Gardens Terrace Mews Drive Way Court'.split()
US_KINDS = 'St Ave Blvd Rd Dr Ln Ct Way Street Avenue Drive Circle'.split()
UK_TOWNS = 'Leeds Dundee Swansea Norwich Belfast Exeter Carlisle Truro Wrexham Hull Luton Perth'.split()
US_TOWNS = [('Dayton', 'OH'), ('Boise', 'ID'), ('Macon', 'GA'), ('Tulsa', 'OK'), ('Duluth', 'MN'), ('Reno', 'NV'), ('Salem', 'OR'), ('Laredo', 'TX'), ('Utica', 'NY')]
MONTHS = 'January February March April May June July August September October November December'.split()


def digits(r, n): return ''.join(r.choice('0123456789') for _ in range(n))
def first(r): return r.choice(FIRST)
def last(r): return r.choice(LAST)


def full(r):
    kind = r.randrange(10)
    middle = f' {r.choice("ABCDEFGHJKLMNPRSTW")}. ' if kind == 0 else ' '
    return f'{first(r)}{middle}{last(r)}'


def luhn_last(body):
    total = sum(sum(divmod(int(d)*2, 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body)))
    return str(-total % 10)


def card(r, sep=None):
    prefix, n = r.choice([('400000', 16), ('424242', 16), ('555555', 16), ('520082', 16), ('371449', 15), ('601111', 16), ('305693', 14), ('356600', 16), ('222300', 16)])
    body = prefix + digits(r, n - 1 - len(prefix))
    number = body + luhn_last(body)
    sep = r.choice(['', ' ', ' ', '-']) if sep is None else sep
    cuts = [4, 6, 5] if n == 15 else [4, 6, 4] if n == 14 else [4]*4
    out, at = [], 0
    for c in cuts:
        out.append(number[at:at+c])
        at += c
    return sep.join(out)


IBAN_FORMS = dict(GB='4a14d', DE='18d', FR='20d1a2d', NL='4a10d', SE='20d', ES='20d', IT='1a22d', IE='4a14d', PL='24d', BE='12d', NO='11d', AT='16d', DK='14d', PT='21d', CH='17d')


def iban(r, sep=None):
    country = r.choice(list(IBAN_FORMS))
    bban = ''.join((''.join(r.choice('ABCDEFGHKLMNPRSTW') for _ in range(int(n))) if k == 'a' else digits(r, int(n)))
                   for n, k in re.findall(r'(\d+)([ad])', IBAN_FORMS[country]))
    check = 98 - int(''.join(str(int(c, 36)) for c in bban + country + '00')) % 97
    whole = f'{country}{check:02d}{bban}'
    spaced = r.random() < .5 if sep is None else sep
    return ' '.join(whole[i:i+4] for i in range(0, len(whole), 4)) if spaced else whole


def phone(r):
    n3, n2 = digits(r, 3), digits(r, 2)
    return r.choice([
        f'020 7946 0{n3}', f'07700 900{n3}', f'+44 7700 900{n3}', f'01632 960{n3}', f'+44 20 7946 0{n3}', f'0161 496 0{n3}', f'(0113) 496 0{n3}', f'07700-900-{n3}', f'447700900{n3}',
        f'(415) 555-01{n2}', f'+1 312-555-01{n2}', f'212.555.01{n2}', f'646-555-01{n2}', f'+1 (702) 555 01{n2}',
        f'01 99 00 {n2} {digits(r, 2)}', f'+33 6 39 98 {n2} {digits(r, 2)}', f'+49 30 23125 {n3}', f'030 23125{n3}', f'+46 8 465 004 {n2}', f'070-1740 6{n2}',
        f'+61 2 5550 {digits(r, 4)}', f'0491 570 1{n2}', f'+353 20 91{digits(r, 1)} {digits(r, 4)}'])


def email(r):
    a, b = re.sub(r'\W', '', first(r).lower()), re.sub(r'\W', '', last(r).lower())
    a, b = a.translate(str.maketrans('łóíáąę', 'loiaae')), b.translate(str.maketrans('óíá', 'oia'))
    domain = r.choice(['example.com', 'example.org', 'example.net', 'mail.example.com', 'post.example.org', 'uni.example.net', 'my-mail.example.com'])
    return r.choice([f'{a}.{b}', f'{a}{digits(r, 2)}', f'{a[0]}{b}', f'{b}_{a}', f'{a}+bank', f'{a}-{b}', f'{a[0]}.{b}{digits(r, 2)}']) + '@' + domain


def date(r, low=1941, high=2005):
    y, m, d = r.randint(low, high), r.randint(1, 12), r.randint(1, 28)
    return r.choice([f'{d}/{m}/{y}', f'{d:02d}/{m:02d}/{y}', f'{y}-{m:02d}-{d:02d}', f'{d} {MONTHS[m-1]} {y}', f'{d}.{m}.{y}', f'{MONTHS[m-1]} {d}, {y}', f'{d:02d}-{m:02d}-{y}',
                     f'{d}/{m}/{y%100:02d}', f'{d}{"th" if 3 < d < 21 or d > 23 else ("th", "st", "nd", "rd")[d%10] if d%10 < 4 else "th"} of {MONTHS[m-1]} {y}', f'{d} {MONTHS[m-1][:3]} {y}'])


def outward(r): return r.choice(['LS7', 'DD1', 'SA2', 'NR3', 'BT9', 'EX4', 'CA1', 'SW1A', 'EC2M', 'M4', 'W1T', 'G12', 'CF10', 'B15'])
def postcode(r): return f'{outward(r)}{r.choice([" ", " ", ""])}{r.randint(1, 9)}{"".join(r.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))}'


def address(r, lines=False):
    no, street, gap = r.randint(1, 289), r.choice(STREETS), '\n' if lines else ', '
    if r.random() < .55:
        flat = r.choice(['', '', f'Flat {r.randint(1, 40)}{gap}', f'Apartment {r.randint(1, 30)}{gap}', f'Unit {r.randint(1, 9)}{gap}'])
        return f'{flat}{no}{r.choice(["", "", "a", "B"])} {street} {r.choice(UK_KINDS)}{gap}{r.choice(UK_TOWNS)}{gap}{postcode(r)}'
    town, state = r.choice(US_TOWNS)
    apt = r.choice(['', '', f', Apt {r.randint(1, 60)}', f', Suite {r.randint(100, 480)}', f' #{r.randint(1, 40)}'])
    return f'{no*7} {r.choice(["", "", "N ", "W. "])}{street} {r.choice(US_KINDS)}{apt}{gap}{town}, {state} {digits(r, 5)}'


def nino(r, sep=None):
    a = r.choice(['AB', 'CE', 'EH', 'HJ', 'JL', 'KM', 'LP', 'MR', 'PS', 'RW', 'SX', 'TY', 'WE', 'YZ'])
    d, s = digits(r, 6), r.choice('ABCD')
    return r.choice([f'{a}{d}{s}', f'{a} {d[:2]} {d[2:4]} {d[4:]} {s}', f'{a} {d} {s}', f'{a}{d[:2]} {d[2:4]} {d[4:]}{s}', f'{a}-{d[:2]}-{d[2:4]}-{d[4:]}-{s}'.lower()])


def ssn(r): return f'{r.randint(1, 665):03d}{r.choice(["-", "-", " "])}{r.randint(1, 99):02d}-{r.randint(1, 9999):04d}'.replace(' ', '-')


def national(r):
    return r.choice([nhs, sin, tfn, nir, dni, codice, personnummer, bsn, pesel, cpf, steuer, ppsn])(r)


def nhs(r):
    while True:
        d = digits(r, 9)
        c = 11 - sum(int(x)*(10-i) for i, x in enumerate(d)) % 11
        if c != 10:
            return f'{d[:3]} {d[3:6]} {d[6:]}{c % 11}'


def sin(r):
    b = r.choice('1234567') + digits(r, 7)
    d = b + luhn_last(b)
    return r.choice([f'{d[:3]} {d[3:6]} {d[6:]}', f'{d[:3]}-{d[3:6]}-{d[6:]}'])


def tfn(r):
    while True:
        d = digits(r, 9)
        if sum(int(x)*w for x, w in zip(d, (1, 4, 3, 7, 5, 8, 6, 9, 10), strict=True)) % 11 == 0:
            return f'{d[:3]} {d[3:6]} {d[6:]}'


def nir(r):
    b = f'{r.choice("12")}{r.randint(40, 99)}{r.randint(1, 12):02d}{r.randint(1, 95):02d}{r.randint(1, 900):03d}{r.randint(1, 900):03d}'
    return f'{b[0]} {b[1:3]} {b[3:5]} {b[5:7]} {b[7:10]} {b[10:]} {97 - int(b) % 97:02d}'


def dni(r):
    n = r.randint(10_000_000, 79_999_999)
    return f'{n}{r.choice(["", "-"])}{"TRWAGMYFPDXBNJZSQVHLCKE"[n % 23]}'


def codice(r):
    odd = dict(zip('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23], strict=True))
    s = ''.join(r.choice('BCDFGLMNPRST') for _ in range(6)) + f'{r.randint(40, 99)}{r.choice("ABCDEHLMPRST")}{r.randint(1, 28):02d}{r.choice("ABCDEFGHL")}{digits(r, 3)}'
    total = sum(odd[c] if i % 2 == 0 else (int(c) if c.isdigit() else ord(c)-65) for i, c in enumerate(s))
    return s + chr(65 + total % 26)


def personnummer(r):
    b = f'{r.randint(41, 99)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{digits(r, 3)}'
    return f'{r.choice(["", "19"])}{b[:6]}-{b[6:]}{luhn_last(b)}'


def bsn(r):
    while True:
        d = digits(r, 9)
        if d[0] != '0' and (sum(int(x)*w for x, w in zip(d, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))) % 11 == 0:
            return d


def pesel(r):
    b = f'{r.randint(41, 99)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{digits(r, 4)}'
    return b + str(-sum(int(x)*w for x, w in zip(b, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True)) % 10)


def cpf(r):
    d = [int(c) for c in digits(r, 9)]
    for n in (10, 11):
        d.append(sum(x*w for x, w in zip(d, range(n, 1, -1), strict=True))*10 % 11 % 10)
    s = ''.join(map(str, d))
    return f'{s[:3]}.{s[3:6]}.{s[6:9]}-{s[9:]}'


def steuer(r):
    while True:
        b = r.choice('123456789') + digits(r, 9)
        if sorted(b.count(c) for c in set(b)) in ([1]*8 + [2], [1]*7 + [3]):
            break
    p = 10
    for c in b:
        p = ((int(c) + p) % 10 or 10)*2 % 11
    d = b + str((11 - p) % 10)
    return f'{d[:2]} {d[2:5]} {d[5:8]} {d[8:]}'


def ppsn(r):
    d = digits(r, 7)
    return d + 'WABCDEFGHIJKLMNOPQRSTUV'[sum(int(x)*w for x, w in zip(d, range(8, 1, -1), strict=True)) % 23]


def ip(r):
    return r.choice([f'192.0.2.{r.randint(1, 254)}', f'198.51.100.{r.randint(1, 254)}', f'203.0.113.{r.randint(1, 254)}', f'2001:db8:{r.randrange(16**4):x}::{r.randrange(1, 16**4):x}',
                     f'2001:db8:0:{r.randrange(1, 16**4):x}:{r.randrange(1, 16**4):x}:{r.randrange(1, 16**4):x}:{r.randrange(1, 16**4):x}:{r.randrange(1, 16**4):x}'])


def url(r):
    u = re.sub(r'\W', '', first(r).lower()).translate(str.maketrans('łóíáąę', 'loiaae')) + digits(r, 2)
    return r.choice([f'https://social.example.com/u/{u}', f'http://example.org/~{u}', f'https://cv.example.net/{u}/about', f'www.example.com/profile?id={digits(r, 7)}',
                     f'https://files.example.org/share/{digits(r, 8)}.pdf', f'https://{u}.example.com'])


def mac(r): return r.choice(':-').join(f'{r.randrange(256):02x}' for _ in range(6)) if r.random() < .5 else ':'.join(f'{r.randrange(256):02X}' for _ in range(6))
def licence(r): return r.choice([f'{r.choice("ABDFNY")}{digits(r, 7)}', f'{r.choice("FMW")}{digits(r, 12)}', f'{r.choice("HKT")}{digits(r, 3)}-{digits(r, 4)}-{digits(r, 4)}'])


def secret(r):
    alnum = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
    word = ''.join(r.choice(alnum) for _ in range(9))
    return r.choice([f'{r.choice(["Walnut", "copper", "Tiger", "monday"])}{r.choice("!#%&")}{digits(r, 3)}{r.choice(["x", "Qz", "_b"])}', f'{word}{r.choice("!#$")}', f'{r.choice(STREETS)}{digits(r, 4)}'])


def token(r):
    alnum = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
    return ''.join(r.choice(alnum) for _ in range(r.choice([32, 36, 40])))


MAKE = dict(PERSON=full, FIRSTNAME=first, LASTNAME=last, STREET_ADDRESS=address, BLOCK=lambda r: address(r, True), POSTCODE=postcode, EMAIL_ADDRESS=email, PHONE_NUMBER=phone,
            CREDIT_CARD=card, IBAN_CODE=iban, ACCOUNT_NUMBER=lambda r: digits(r, r.choice([8, 8, 10])), SORT_CODE=lambda r: r.choice(['-', '-', ' ']).join(digits(r, 2) for _ in range(3)),
            DATE_OF_BIRTH=date, UK_NINO=nino, US_SSN=ssn, NATIONAL_ID=national, IP_ADDRESS=ip, MAC_ADDRESS=mac, US_DRIVER_LICENSE=licence, URL=url, SECRET=secret, TOKEN=token,
            CARD_SECRET=lambda r: digits(r, 3), PIN4=lambda r: digits(r, 4), NHS=nhs, SIN=sin, TFN=tfn, NIR=nir, DNI=dni, CODICE=codice, PNR=personnummer, BSN=bsn, PESEL=pesel, CPF=cpf,
            STEUER=steuer, PPSN=ppsn)
LABEL = dict(FIRSTNAME='PERSON', LASTNAME='PERSON', BLOCK='STREET_ADDRESS', TOKEN='SECRET', PIN4='CARD_SECRET',
             **dict.fromkeys('NHS SIN TFN NIR DNI CODICE PNR BSN PESEL CPF STEUER PPSN'.split(), 'NATIONAL_ID'))

# Alternating lines go to the two halves: first tune, second report, and so on.
CLAUSES = dict(
    PERSON='''My partner {PERSON} is a joint holder on this.
{PERSON} speaking, hello again.
The booking was made by {PERSON} on my behalf.
Could someone tell {FIRSTNAME} that I called?
The payee should read {PERSON}, not what your app shows.
I've been dealing with {FIRSTNAME} from your chat team.
Cheers, {FIRSTNAME}
Signed: {PERSON}
Mrs {LASTNAME} at the branch told me to write in.
Please note that my surname is now {LASTNAME}.
The card has {PERSON} embossed on it.
It was my late husband {FIRSTNAME} who opened this.
Sent on behalf of {PERSON} (power of attorney).
My son {FIRSTNAME} used the card by mistake.
For the attention of Mr {LASTNAME}.
My landlord is called {PERSON} and still waits for his rent.
{FIRSTNAME} {LASTNAME}, account holder since last spring.
{PERSON} owes me half of that bill.''',
    STREET_ADDRESS='''We have moved to {STREET_ADDRESS}.
The replacement went to my old place, {STREET_ADDRESS}.
Deliver it to {STREET_ADDRESS} instead.
Post everything to {STREET_ADDRESS} from now on.
Registered address: {STREET_ADDRESS}
Current residence {STREET_ADDRESS}, in case you ask.
My details are below:
{BLOCK}
You can write to me here:
{BLOCK}
Billing address is {STREET_ADDRESS} if that helps.
The parcel with the reader never arrived at {STREET_ADDRESS}.
My flat ({STREET_ADDRESS}) has two letterboxes.
New address as of Monday - {STREET_ADDRESS}.'''.replace('below:\n', 'below:§').replace('here:\n', 'here:§'),
    POSTCODE='''The postcode you hold should be {POSTCODE}.
My zip changed, it's {POSTCODE} now.
It keeps rejecting {POSTCODE} as my postal code.
I'm in the {POSTCODE} area.
Post code: {POSTCODE}
Search for the branch nearest {POSTCODE} please.
Your form doesn't take {POSTCODE}.
I moved within {POSTCODE}.''',
    EMAIL_ADDRESS='''Send the statement to {EMAIL_ADDRESS} please.
I no longer use {EMAIL_ADDRESS}.
Contact: {EMAIL_ADDRESS}
Drop me a line ({EMAIL_ADDRESS}).
The login is {EMAIL_ADDRESS}, as far as I know.
Nothing has come through to {EMAIL_ADDRESS} yet.
Copy in {EMAIL_ADDRESS} when you answer.
Registered with {EMAIL_ADDRESS}.
e-mail <{EMAIL_ADDRESS}>
Replies go to:{EMAIL_ADDRESS}''',
    PHONE_NUMBER='''Ring me on {PHONE_NUMBER} after six.
My mobile is {PHONE_NUMBER}.
Text {PHONE_NUMBER} with the code please.
I've changed my number to {PHONE_NUMBER}.
Best to try {PHONE_NUMBER}.
The one-time code goes to {PHONE_NUMBER}, which I lost.
tel {PHONE_NUMBER}
{PHONE_NUMBER} is the number to use for me.
WhatsApp me: {PHONE_NUMBER}
Somebody phoned me from {PHONE_NUMBER} saying they were you.
Day time contact {PHONE_NUMBER}
You may leave a message at {PHONE_NUMBER}.''',
    CREDIT_CARD='''The long number on the front is {CREDIT_CARD}.
It's the one ending... well, all of it: {CREDIT_CARD}.
Debit card no. {CREDIT_CARD}
I was charged on {CREDIT_CARD} twice.
Visa {CREDIT_CARD}
Please cancel {CREDIT_CARD} straight away.
My new one reads {CREDIT_CARD}, the old one is cut up.
PAN: {CREDIT_CARD}
I typed in {CREDIT_CARD} and it said unknown card.
Found this in the street: {CREDIT_CARD}.''',
    IBAN_CODE='''Pay it into {IBAN_CODE} please.
International number: {IBAN_CODE}
The money left {IBAN_CODE} last night.
Beneficiary {IBAN_CODE} was rejected.
I entered {IBAN_CODE} and got an error.
Refund to {IBAN_CODE}, not to the card.
My landlord's IBAN ({IBAN_CODE}) changed.
It should arrive at {IBAN_CODE} within a day, they say.''',
    ACCOUNT_NUMBER='''Account no {ACCOUNT_NUMBER} is the savings one.
The a/c is {ACCOUNT_NUMBER}.
I meant to pay acct {ACCOUNT_NUMBER}.
My current account, number {ACCOUNT_NUMBER}, was debited twice.
Account: {ACCOUNT_NUMBER}
I gave them {ACCOUNT_NUMBER} as my account number.
Bank account number {ACCOUNT_NUMBER}, in both our names.
Please close the account with the number {ACCOUNT_NUMBER}.
The money should have gone to account {ACCOUNT_NUMBER}.
acc num {ACCOUNT_NUMBER}''',
    SORT_CODE='''The sort code is {SORT_CODE}.
s/c {SORT_CODE}
Sorting code {SORT_CODE} as on the card.
Branch code {SORT_CODE} if you need that.
It goes to sort code: {SORT_CODE}
I used {SORT_CODE} as the sort code.
Sort-code {SORT_CODE} belongs to the old branch, doesn't it?
You hold {SORT_CODE} for my sort code, which is wrong.''',
    DATE_OF_BIRTH='''I was born on {DATE_OF_BIRTH}.
DOB {DATE_OF_BIRTH}
Date of birth: {DATE_OF_BIRTH}
My birthday is {DATE_OF_BIRTH}, if you must know.
d.o.b. {DATE_OF_BIRTH}
Birth date on file should be {DATE_OF_BIRTH}.
Born {DATE_OF_BIRTH} in Cardiff.
For verification, my date of birth was entered as {DATE_OF_BIRTH}.
You have my birthdate wrong, it is {DATE_OF_BIRTH}.
She was born {DATE_OF_BIRTH}, so she is old enough.''',
    CARD_SECRET='''The three digits on the back are {CARD_SECRET}.
cvc {CARD_SECRET}
Security code {CARD_SECRET}
CVV: {CARD_SECRET}
My PIN is {PIN4} and it does not work.
I changed the pin to {PIN4} at the machine.
The passcode {PIN4} is refused at the ATM.
pin number {PIN4}, tried it three times
CVV2 = {CARD_SECRET}
The PIN you posted me, {PIN4}, is not accepted.''',
    UK_NINO='''National Insurance number {UK_NINO}.
NINO: {UK_NINO}
Insurance no. on my payslip is {UK_NINO}.
My N.I. is {UK_NINO}.
They ask for {UK_NINO}, is that right?
ni no {UK_NINO}
HMRC knows me as {UK_NINO}.
For tax I am {UK_NINO}.''',
    US_SSN='''Social security number {US_SSN}.
My social is {US_SSN}.
SSN: {US_SSN}
ss# {US_SSN}
The social on the form should be {US_SSN}.
You printed my social security no as {US_SSN}.
Taxpayer id {US_SSN}
I verified with {US_SSN} already.''',
    NATIONAL_ID='''My NHS number is {NHS}.
NHS no. {NHS}
Social insurance number {SIN} (Canada).
Canadian SIN: {SIN}
My Australian tax file number is {TFN}.
TFN {TFN}
numéro de sécurité sociale {NIR}
French social security number: {NIR}
DNI {DNI}
My Spanish id card says {DNI}.
codice fiscale {CODICE}
Italian tax code: {CODICE}
Swedish personal number {PNR}
personnummer {PNR}
Dutch BSN {BSN}
My burgerservicenummer is {BSN}.
PESEL {PESEL}
Polish identity number (PESEL): {PESEL}
CPF {CPF}
My Brazilian CPF is {CPF}.
German tax id {STEUER}
Steuer-ID: {STEUER}
PPS number {PPSN}
My Irish PPSN is {PPSN}.''',
    IP_ADDRESS='''The login came from {IP_ADDRESS}.
Your mail says somebody used {IP_ADDRESS}.
IP {IP_ADDRESS}
My router shows {IP_ADDRESS}.
Blocked address: {IP_ADDRESS}
Whose computer is {IP_ADDRESS}?
Access was denied from {IP_ADDRESS}, why?
I connect through {IP_ADDRESS} at work.''',
    URL='''My page is {URL}.
See {URL} for the receipt.
I put the screenshot at {URL}
This link came in the text message: {URL}
Have a look at {URL} please.
They sent me to {URL} to log in.
The shop's listing is {URL}, it shows the price.
profile: {URL}''',
    SECRET='''My password is {SECRET} and it is refused.
Password: {SECRET}
I log in with the password {SECRET}.
The passphrase I set was {SECRET}.
pw {SECRET}
I think the password was {SECRET} or so.
Our API key is {TOKEN}.
api_key={TOKEN}
We call you with the bearer token {TOKEN}.
Authorization: Bearer {TOKEN}
The access token {TOKEN} has expired.
Client secret {TOKEN}''')

# Numbers and words that look like personal data and are none.
LOOKALIKES = '''The order number is {d8}.
Order {d3}-{d7}-{d7} never arrived.
My ticket is #{d6}.
Your reference was {AA}{d9}.
Case {d4}/{d4} is still open.
Complaint reference CR-{d2}-{d5}.
It took {n1} days and {n2} hours.
I was charged {e1}.{d2} instead of {e2}.{d2}.
The total came to £{e1},{d3}.{d2}.
That is 1,{d3},{d3} yen for a sandwich.
The exchange rate was 1.{d4}.
It gave me a rate of 0.{d5} this morning.
I am on version {n1}.{n2}.{n3} of the app.
App build {d4}.{d2}, phone on {n1}.{n2}.
The error code is E{d4}.
Error 0x{d4}{d4} keeps coming back.
It happened on {date}.
This started on {date}, around {n3}:{mm}.
The card expires {m2}/{y2}.
My next statement is due {date}.
Last four digits {d4}.
The card ending in {d4} is fine.
I have been with you since 20{y1}.
In 20{y1} this was still free.
Tracking number 1Z{d3}W{d2}{d8}.
The parcel is {d4} {d4} {d2} with the courier.
The terminal printed AUTH {d6}.
The ATM showed ref {d4}{d2} and no cash.
It is {n1} x {n2} cm, if that matters.
Flight {AA}{d3} was cancelled.
I got {n1} out of {n2} payments back.
Between {n3}:00 and {n3}:{mm} nothing worked.
Model SM-{d3}U, if you need to know.
Invoice INV-20{y1}-{d4} covers it.
The code in your text was about {n1} minutes late.
I live about {n1} miles from the branch.
Section {n1}.{n2} of your terms says otherwise.
Form {d4}-B is nowhere to be found.
The batch {d2}-{d2}-{d4} was sent twice.
It's product {d4} {d4} on the price list.
Booking code {AA}{d4}{AA}.
I waited {n2} minutes on the line.
Over {d5} people have that problem, says the forum.
Platform {n1}, gate {n2}, and no signal at all.
Meter reading {d5}.{d1} kWh, paid by direct debit.
Questions {n1}, {n2} and {n3} of the form make no sense.
We ordered {n2} pieces of item {d6}.
The queue said position {d3}.
The ISBN is 978-{d1}-{d4}-{d4}-{d1}.
My seat was {n2}C in coach {n1}.'''.split('\n')

BODIES = '''Why has my card not turned up yet?
I was charged twice for one coffee.
How long does a transfer to another bank take?
Can I raise my daily limit before the weekend?
The cash machine kept my card and I need it back.
My standing order did not go out on the first.
please explain the foreign transaction fee
the app logs me out every time I open it
A refund from a shop is missing.
What do I need to open a joint account?
There's a payment on my statement I don't recognise.
I would like to dispute a charge.
is there a fee for paying in cash
Do you do cheques at all any more?
I can't verify my identity, the photo step fails.
My top-up was declined although there is money in the account.
How do I order a second card?
I'd like to stop a direct debit.
Could you send me last year's statements?
The exchange rate I got is worse than advertised.
My contactless stopped working after the holiday.
where can I see pending payments
I forgot my password and the reset mail never comes.
I want to close my savings account.
Somebody called me and claimed to be from your fraud team.
Interest has not been paid this quarter.
What happens if I go over my limit?
Apple Pay says the card cannot be added.
Do you charge for using the card abroad?
My salary has not arrived.
The transfer says pending since yesterday.
How can I change the name on the account?
I moved house and your form does not work.
Is my money protected if the bank fails?
Please block everything until we have spoken.
the chip does not read in any shop
Why was my loan application refused?
I never got the code by text.
Can my daughter have a card of her own?
You took the annual fee although I had cancelled.'''.split('\n')


def fill_lookalike(r, t):
    y, m, d = r.randint(2019, 2026), r.randint(1, 12), r.randint(1, 28)
    shown = r.choice([f'{d} {MONTHS[m-1]}', f'{d}/{m}/{y}', f'{y}-{m:02d}-{d:02d}', f'{MONTHS[m-1]} {d}', f'{d}.{m}.', 'the 3rd'])
    fixed = dict(date=shown, m2=f'{m:02d}', y2=f'{r.randint(27, 33)}', y1=f'{r.randint(11, 25)}', mm=f'{r.randint(0, 59):02d}', AA=''.join(r.choice('ABCDEFGHKLMPRSTWX') for _ in range(2)),
                 n1=str(r.randint(2, 9)), n2=str(r.randint(10, 40)), n3=str(r.randint(8, 20)), e1=str(r.randint(3, 89)), e2=str(r.randint(3, 89)))
    return re.sub(r'\{(\w+)\}', lambda k: fixed[k[1]] if k[1] in fixed else digits(r, int(k[1][1:])), t)


def fill(r, t):
    return re.sub(r'\{(\w+)\}', lambda k: '{{%s:%s}}' % (LABEL.get(k[1], k[1]), MAKE[k[1]](r)), t.replace('§', '\n'))


def bank(r):
    "Bodies x clauses of one half x look-alikes: 500 rows with personal data, 250 with look-alikes or nothing."
    rows = []
    cut = {h: [(e, f'{e}-{i}', t) for e, block in CLAUSES.items() for i, t in enumerate(block.split('\n')) if i % 2 == k] for k, h in enumerate(HALVES)}
    looks = {h: LOOKALIKES[k::2] for k, h in enumerate(HALVES)}
    bodies = {h: BODIES[k::2] for k, h in enumerate(HALVES)}
    for half in HALVES:
        order = [c for _ in range(20) for c in r.sample(cut[half], len(cut[half]))]
        for i in range(280):
            chosen = [order.pop() for _ in range(1 + (r.random() < .3))]
            parts = [(c[1], fill(r, c[2])) for c in chosen]
            if r.random() < .35:
                parts.append(('lookalike', fill_lookalike(r, r.choice(looks[half]))))
            if r.random() < .9:
                parts.append(('body', r.choice(bodies[half])))
            r.shuffle(parts)
            text = r.choice([' ', ' ', ' ', '\n']).join(p for _, p in parts)
            if r.random() < .12:
                text = re.sub(r'(\{\{.*?\}\})|([^{]+)', lambda m: m[1] or m[2].lower(), text, flags=re.S)
            rows.append(dict(id=f'bank-{half}-{i:04d}', half=half, kind='pii', templates=sorted({c[1] for c in chosen}), marked=text))
        for i in range(140):
            parts = [fill_lookalike(r, t) for t in r.sample(looks[half], r.choice([1, 1, 2]))] + [r.choice(bodies[half])]
            r.shuffle(parts)
            rows.append(dict(id=f'bank-{half}-{i+280:04d}', half=half, kind='lookalike', templates=[], marked=' '.join(parts)))
    return rows


WORDS = 'zero one two three four five six seven eight nine'.split()
HOMOGLYPHS = str.maketrans('aeopcxyiABEHKMOPCTX', 'аеорсхуіАВЕНКМОРСТХ')
LEET = str.maketrans('oieas', '01345')


def words_of(number): return ' '.join(WORDS[int(c)] for c in number if c.isdigit())
def wide(s): return ''.join(chr(ord(c)+0xFEE0) if '!' <= c <= '~' else c for c in s)
def plain_email(r): return f'{r.choice(["anna", "tom", "lena", "omar", "priya", "jack", "mateo", "ines"])}.{r.choice(["berg", "novak", "hill", "costa", "shaw", "lund"])}{r.randint(1, 99)}@example.{r.choice(["com", "org", "net"])}'
def plain_mobile(r): return f'07700 900{digits(r, 3)}'


def between(s, mark, r=None, share=1.): return ''.join(c + (mark if i < len(s)-1 and (r is None or r.random() < share) else '') for i, c in enumerate(s))


OBFUSCATED = dict(
    at_dot_words=[('EMAIL_ADDRESS', lambda r: plain_email(r).replace('.', ' dot ').replace('@', ' at ')), ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', ' at ')),
                  ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', ' AT ').replace('.', ' DOT '))],
    brackets=[('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', '(at)').replace('.', '(dot)')), ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', '[at]')),
              ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', ' {at} ').replace('.', '[.]')), ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', ' <at> '))],
    spaced_email=[('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', ' @ ')), ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', ' @ ').replace('.', ' . '))],
    spaced_digits=[('CREDIT_CARD', lambda r: between(card(r, ''), ' ')), ('PHONE_NUMBER', lambda r: between(plain_mobile(r).replace(' ', ''), ' ')), ('CREDIT_CARD', lambda r: between(card(r, ''), '  ')),
                   ('US_SSN', lambda r: between(ssn(r).replace('-', ''), ' '))],
    separators=[('CREDIT_CARD', lambda r: card(r, '.')), ('CREDIT_CARD', lambda r: card(r, ' - ')), ('PHONE_NUMBER', lambda r: plain_mobile(r).replace(' ', '/')), ('CREDIT_CARD', lambda r: card(r, '_')),
                ('IBAN_CODE', lambda r: iban(r, True).replace(' ', '-'))],
    digit_words=[('PHONE_NUMBER', lambda r: words_of(plain_mobile(r))), ('CREDIT_CARD', lambda r: words_of(card(r, ''))), ('PHONE_NUMBER', lambda r: words_of(plain_mobile(r)).replace('zero', 'oh'))],
    homoglyph=[('EMAIL_ADDRESS', lambda r: plain_email(r).translate(HOMOGLYPHS)), ('IBAN_CODE', lambda r: iban(r, False).translate(HOMOGLYPHS))],
    fullwidth=[('CREDIT_CARD', lambda r: wide(card(r, ''))), ('EMAIL_ADDRESS', lambda r: wide(plain_email(r))), ('PHONE_NUMBER', lambda r: wide(plain_mobile(r))), ('US_SSN', lambda r: wide(ssn(r)))],
    zero_width=[('EMAIL_ADDRESS', lambda r: between(plain_email(r), '\u200b', r, .4)), ('CREDIT_CARD', lambda r: between(card(r, ''), '\u200b', r, .4)), ('IBAN_CODE', lambda r: between(iban(r, False), '\u200d', r, .3)),
                ('PHONE_NUMBER', lambda r: between(plain_mobile(r), '\u2060', r, .4))],
    html_entities=[('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', '&#64;')), ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', '&commat;').replace('.', '&#46;')),
                   ('CREDIT_CARD', lambda r: ''.join(f'&#{ord(c)};' for c in card(r, ''))), ('PHONE_NUMBER', lambda r: plain_mobile(r).replace(' ', '&nbsp;'))],
    percent=[('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', '%40')), ('PHONE_NUMBER', lambda r: plain_mobile(r).replace(' ', '%20'))],
    leet=[('EMAIL_ADDRESS', lambda r: plain_email(r).split('@')[0].translate(LEET) + '@' + plain_email(r).split('@')[1]), ('CREDIT_CARD', lambda r: card(r, '').replace('0', 'O')),
          ('PHONE_NUMBER', lambda r: plain_mobile(r).replace('0', 'o').replace('1', 'l'))],
    other_digits=[('CREDIT_CARD', lambda r: card(r, '').translate(str.maketrans('0123456789', '٠١٢٣٤٥٦٧٨٩'))), ('PHONE_NUMBER', lambda r: plain_mobile(r).translate(str.maketrans('0123456789', '०१२३४५६७८९')))],
    line_breaks=[('CREDIT_CARD', lambda r: card(r, '\n')), ('EMAIL_ADDRESS', lambda r: plain_email(r).replace('@', '\n@')), ('IBAN_CODE', lambda r: iban(r, True).replace(' ', '\n', 1))])
CARRIERS = dict(
    EMAIL_ADDRESS='''write to {X} please
you can reach me at {X}
my mail is {X}, thanks
Send the form to {X} when it is ready.
I am {X} by mail, why was the card refused?
the account runs under {X} since May'''.split('\n'),
    CREDIT_CARD='''card {X} was declined
the number is {X}, please block it
Here is my card number: {X}
charged on {X} for something I never bought
it says {X} on the front
my visa {X} is lost'''.split('\n'),
    PHONE_NUMBER='''call me on {X}
my phone is {X}
Text me at {X} please
mobile: {X}, evenings only
the number you hold, {X}, is old
ring {X} and ask for me'''.split('\n'),
    US_SSN='my ssn is {X}\nsocial security number {X}\nSSN {X} for the form\nthe social: {X}'.split('\n'),
    IBAN_CODE='pay to {X}\nmy iban is {X}\nit went to {X} by mistake\nIBAN: {X}, urgent'.split('\n'))


def obfuscated(r):
    "Every kind in both halves, carriers apart; 24 texts of each kind."
    rows, n = [], 0
    for kind, makers in OBFUSCATED.items():
        for i in range(24):
            half = HALVES[i % 2]
            entity, make = makers[(i//2) % len(makers)]
            carrier = r.choice(CARRIERS[entity][i % 2::2])
            rows.append(dict(id=f'obf-{n:04d}', half=half, kind=kind, marked=carrier.replace('{X}', '{{%s:%s}}' % (entity, make(r)))))
            n += 1
    return rows


NONE = '''The year 1984 is a novel, not a date of mine.
I paid 12 34 56 in three coins, as the children say.
Chapter 4, verse 12, page 207 of the manual.
Our flat has 3 rooms and a garden.
May I pay in June or will it be March?
Will the rate rise? Mark my words, it will.
Grace periods are ten days, says the page.
I'll frank the letter myself, then bill you.
Rose wine and a faith in banks, that is all I have.
The hunter kept his dog, the miller his flour.
London is lovely in spring, Paris less so.
The Bank of England left the rate at 4.25 per cent.
Is Monday a holiday in Scotland?
Call 999 in an emergency, not us.
Dial *100# for your balance.
The 24/7 line is busy from 9 to 5.
Buy 2 get 1 free, ends 31/12.
Windows 10 22H2 build 19045.4170 is what I use.
Chrome 126.0.6478.127 shows a blank page.
Use the route 10.15 to Leeds, change at platform 2.
The ratio is 3:2:1 and the sum 100.
My score went from 640 to 702 in a year.
Rates: 3.75 3.99 4.25 4.49 5.01
0.5 + 0.25 + 0.125 = 0.875
ISBN 978-0-306-40615-7 is the book you recommend.
SKU 4006381333931 is out of stock.
Part no. 7715-0042-19 does not fit.
The UUID is 123e4567-e89b-12d3-a456-426614174000.
sha256 starts with 9f86d081884c7d65
Commit 3f2a9bc broke the export.
Coordinates are not needed, thanks.
Temperature was -12.5 C at the ATM.
The speed limit is 30 mph on Station Road.
Your branch on the High Street closes at noon.
The train leaves King's Cross at 18:45.
Terms 2.1, 2.2 and 7.4.1 contradict each other.
Tier 1 customers pay 0.10, tier 2 pay 0.25.
MCC 5411 is groceries, I think.
BIC is a pen, as far as I know.
Swift is a bird and a programming language.
HTTP 503 and later 429, then nothing.
The fee went from $3.00 to $4.50 on 1 July 2025.
I withdrew 200, 200 and 150 in one day.
50 50 50 50 is what the machine gave me.
1 2 3 4 5 is how I count the notes.
4444 3333 2222 1112 is just a row of digits on the advert.
The serial number is SN-20391-AB-7.
License plate spaces cost 20 a month.
Two factor is off, three factor is a joke.
Sign in with a passkey, never with a password, says your page.
What is a PIN block? What is a CVV for?
Where on the card do I find the sort code?
Which date of birth format do you accept?
How long is an IBAN in Norway?
Do you need my National Insurance number for an ISA?
Why do you ask for a phone number at all?
Is an e-mail address enough to sign up?
Never share your password, your site says so.
The postcode finder is broken.
Whose address goes on the form, mine or the shop's?
Amounts above 10,000.00 need approval.
The direct debit of 23.99 on the 5th is fine.
My Christmas bonus is 1500 before tax.
Twelve thirty-four is the time on my phone.
It has been seven days, five hours and two minutes.
One two three, testing the voice input.
The dot at the end of the line is printed at the wrong place.
Meet me at noon dot, no later.
We looked at dot com shares in 1999.
Version v2.14.0-rc.1 crashed twice.
Ref: none given.
Batch 000000012345 failed with code 12.
Queue 3 of 7, ticket A047.
Sales in Q3 2025 rose 12 %.
The cheque book has 25 leaves, numbers 000101 to 000125.
Locker 1204, combination lost.
It says "insufficient funds (51)".
See table 12-3 on page 45-46.
Return code 00 00 00 means all is well.
A 12-digit reader code is shown on the screen for 60 seconds.'''.split('\n')

ADDRESS_FORMS = ['Please change my address to§{BLOCK}', 'My new home:§{BLOCK}§Thanks.', 'Ship the card reader to§{BLOCK}§as soon as you can.', '{BLOCK}§is where I live since August.',
                 'Address for the statements§------------------------§{BLOCK}', 'Old:§{BLOCK}§§New:§{BLOCK}', 'To whom it may concern,§my correspondence address is§{BLOCK}§Regards',
                 'The tenant lives at§{BLOCK}§and pays by standing order.', 'Deliver to:§{PERSON}§{BLOCK}', 'invoice address§§{PERSON}§{BLOCK}§§thank you']


def lookalikes(r):
    "Texts without personal data: every finding is a false one."
    rows = [dict(id=f'none-{i:04d}', half=HALVES[i % 2], kind='sentence', marked=t) for i, t in enumerate(NONE)]
    fills = [(HALVES[i % 2], fill_lookalike(r, t)) for _ in range(3) for i, t in enumerate(LOOKALIKES)]
    return rows + [dict(id=f'none-{i+len(rows):04d}', half=h, kind='number', marked=t) for i, (h, t) in enumerate(fills)]


def addresses(r):
    "Postal addresses over several lines."
    return [dict(id=f'addr-{i:04d}', half=HALVES[i % 2], kind='multi-line address', marked=fill(r, ADDRESS_FORMS[i % len(ADDRESS_FORMS)])) for i in range(80)]


LANGUAGES = dict(
    de='''Mein Name ist {PERSON} und meine Karte ist weg.
Rufen Sie mich bitte unter {PHONE_NUMBER} an.
Meine E-Mail lautet {EMAIL_ADDRESS}.
Ich wohne in der {{STREET_ADDRESS:Lindenallee 14, 50667 Köln}}.
Geboren am {DATE_OF_BIRTH}, Konto {IBAN_CODE}.
Bitte Karte {CREDIT_CARD} sperren.
Herr {LASTNAME} hat mich angerufen.
Meine Kontonummer ist {ACCOUNT_NUMBER}.''',
    fr='''Je m'appelle {PERSON} et ma carte est perdue.
Appelez-moi au {PHONE_NUMBER}.
Mon adresse e-mail est {EMAIL_ADDRESS}.
J'habite au {{STREET_ADDRESS:12 rue des Tilleuls, 69003 Lyon}}.
Né le {DATE_OF_BIRTH}, compte {IBAN_CODE}.
Bloquez la carte {CREDIT_CARD} s'il vous plaît.
Madame {LASTNAME} attend une réponse.
Mon numéro de compte est {ACCOUNT_NUMBER}.''',
    es='''Me llamo {PERSON} y he perdido la tarjeta.
Llámenme al {PHONE_NUMBER}.
Mi correo es {EMAIL_ADDRESS}.
Vivo en {{STREET_ADDRESS:Calle de la Luna 8, 28004 Madrid}}.
Nací el {DATE_OF_BIRTH}, cuenta {IBAN_CODE}.
Bloqueen la tarjeta {CREDIT_CARD} por favor.
El señor {LASTNAME} me llamó.
Mi número de cuenta es {ACCOUNT_NUMBER}.''',
    sv='''Jag heter {PERSON} och har tappat mitt kort.
Ring mig på {PHONE_NUMBER}.
Min e-post är {EMAIL_ADDRESS}.
Jag bor på {{STREET_ADDRESS:Björkgatan 5, 753 27 Uppsala}}.
Född {DATE_OF_BIRTH}, konto {IBAN_CODE}.
Spärra kortet {CREDIT_CARD} tack.
Fru {LASTNAME} väntar på svar.
Mitt kontonummer är {ACCOUNT_NUMBER}.''',
    it='''Mi chiamo {PERSON} e ho perso la carta.
Chiamatemi al {PHONE_NUMBER}.
La mia email è {EMAIL_ADDRESS}.
Abito in {{STREET_ADDRESS:Via dei Mille 21, 50121 Firenze}}.
Nato il {DATE_OF_BIRTH}, conto {IBAN_CODE}.
Bloccate la carta {CREDIT_CARD} per favore.
Il signor {LASTNAME} mi ha chiamato.
Il mio numero di conto è {ACCOUNT_NUMBER}.''',
    pl='''Nazywam się {PERSON} i zgubiłem kartę.
Proszę dzwonić pod {PHONE_NUMBER}.
Mój e-mail to {EMAIL_ADDRESS}.
Mieszkam przy {{STREET_ADDRESS:ul. Lipowa 7, 00-316 Warszawa}}.
Urodzony {DATE_OF_BIRTH}, konto {IBAN_CODE}.
Proszę zablokować kartę {CREDIT_CARD}.
Pan {LASTNAME} czeka na odpowiedź.
Mój numer konta to {ACCOUNT_NUMBER}.''')


def languages(r):
    "Short texts in languages that no recogniser was made for: they say what is not covered. Nothing is tuned on them."
    def text(t):
        return re.sub(r'(?<!\{)\{(\w+)\}', lambda k: '{{%s:%s}}' % (LABEL.get(k[1], k[1]), MAKE[k[1]](r)), t)
    return [dict(id=f'lang-{code}-{i:02d}', half='report', kind=code, marked=text(t)) for code, block in LANGUAGES.items() for i, t in enumerate(block.split('\n')*3)]


NEW_PROBE = '''{PERSON} here, what is my balance?
The cheque is made out to {PERSON}.
My solicitor, {PERSON}, will send the papers.
ask for {FIRSTNAME}, she knows the case
i think {FIRSTNAME} took it out of my bag
Best, {FIRSTNAME} {LASTNAME}
this is {FIRSTNAME} again about the mortgage
Was it {PERSON} who approved this?
My GP is Dr {LASTNAME} if you need a reference.
cc {PERSON}
Payment from {PERSON} never showed up.
Hello {FIRSTNAME}, thank you for your reply.
Executor of the estate: {PERSON}
{LASTNAME}, {FIRSTNAME}
Tell {FIRSTNAME} and {FIRSTNAME} that it worked.
My address is {STREET_ADDRESS} since March.
Office: {STREET_ADDRESS}
I used to live at {STREET_ADDRESS}.
Nobody at {STREET_ADDRESS} received the letter.
deliver to {STREET_ADDRESS} pls
The flat is {STREET_ADDRESS}, second floor.
{STREET_ADDRESS} is our registered office.
Branch visit: I live close by, {POSTCODE}.
postcode {POSTCODE}, house with the red door
Delivery to {POSTCODE} failed.
My mail address has been {EMAIL_ADDRESS} all along.
Is {EMAIL_ADDRESS} still on my profile?
{EMAIL_ADDRESS} - please confirm receipt
Use my work phone, {PHONE_NUMBER}.
The number {PHONE_NUMBER} is not mine.
i can be called at {PHONE_NUMBER} all day
{PHONE_NUMBER}
Card {CREDIT_CARD} is blocked, why?
Could you reissue {CREDIT_CARD}?
why does {CREDIT_CARD} not work abroad
Transfer to {IBAN_CODE} failed.
IBAN {IBAN_CODE}, account in my name
is {IBAN_CODE} a valid number?
My account is {ACCOUNT_NUMBER}.
Account number {ACCOUNT_NUMBER} and sort code {SORT_CODE}.
please credit a/c no. {ACCOUNT_NUMBER}
sort {SORT_CODE} acc {ACCOUNT_NUMBER}
{SORT_CODE} is the sort code on my statement.
Customer born {DATE_OF_BIRTH}.
my dob is {DATE_OF_BIRTH}
Date of birth {DATE_OF_BIRTH}, place of birth unknown.
My national insurance is {UK_NINO}
{UK_NINO} is my NI number
NI {UK_NINO}
ssn {US_SSN}
Social Security: {US_SSN}
My number for social security would be {US_SSN}
the cvv is {CARD_SECRET}
Code on the back: {CARD_SECRET}
My pin, {PIN4}, stopped working.
New PIN {PIN4} please
I was logged in at {IP_ADDRESS}.
address {IP_ADDRESS} tried to sign in
Who is behind {IP_ADDRESS}?
It is all on {URL}.
link: {URL}
I found you through {URL}
My NHS no is {NHS}.
personnummer: {PNR}
My CPF number, {CPF}, is not accepted.
BSN: {BSN}
the password {SECRET} no longer works
passwd: {SECRET}
key: {TOKEN}
The token in our header is {TOKEN}.
My device {MAC_ADDRESS} is not recognised.
mac address {MAC_ADDRESS}
The router reports {MAC_ADDRESS} as unknown.
Driver's license number {US_DRIVER_LICENSE}
my driving licence, {US_DRIVER_LICENSE}, was not accepted as proof
DL# {US_DRIVER_LICENSE}'''.split('\n')


def probe(r):
    "Sentences that no tuning saw, one value each, three values for each sentence. The older sentences of the probe were seen."
    return [dict(id=f'probe-{i:04d}', half='report', kind='unseen', marked=fill(r, t)) for i, t in enumerate(NEW_PROBE*3)]


WORLD = json.loads((Path(__file__).parent/'pii_values.json').read_text())
TITLES = 'Mr. Mrs. Ms. Mr Mrs Ms Miss Dr. Dr Prof. Professor Sir Rev. Judge'.split()
CITIES = """Aberystwyth Albuquerque Antwerp Arequipa Bergen Bologna Brno Cork Coventry Curitiba Debrecen Edmonton Fremantle Galway Ghent Graz Guadalajara Heidelberg
Inverness Izmir Kampala Kraków Lausanne Leipzig Lisbon Ljubljana Malmö Marseille Milwaukee Mombasa Nagoya Nairobi Oslo Phoenix Porto Pune Quito Rotterdam Sacramento
Salzburg Seville Sheffield Spokane Tampere Toulouse Turin Utrecht Valencia Wichita Winnipeg""".split() + ['New Orleans', 'San Diego', 'Cape Town', 'Kuala Lumpur', 'Santa Fe', 'Newcastle upon Tyne', 'Buenos Aires']
COUNTRIES = """Norway Portugal Kenya Chile Vietnam Estonia Canada Morocco Iceland Peru Japan Ghana Croatia Ireland Thailand Colombia Nepal Finland""".split() + ['New Zealand', 'South Korea', 'the Netherlands', 'Sri Lanka', 'Costa Rica', 'the UK']
PEOPLES = 'Norwegian Portuguese Kenyan Chilean Vietnamese Estonian Canadian Moroccan Icelandic Peruvian Japanese Ghanaian Croatian Irish Thai Colombian Nepalese Finnish Dutch Turkish Greek Indian'.split()
BRANDS = """Zentrafix Oldmill Bakery,Blue Heron Books,Tannery & Sons,Northgate Cycles,The Copper Kettle,Vantage Freight,Lumenord AB,Quill & Anchor,Pellworm Shipping,Sunnydale Nurseries,
Harrowgate Building Society,Meridian Rail,Ostrava Steel,St. Brannoc's Hospital,Radio Tidewater,Museum of Printing,Kestrel Airways,Brightwater Energy,Ministry of Fisheries,Fennimore's,Larkin Pharmacy,
Department of Roads,Hollis Garden Center,Corvid Labs,Redwood Credit Union,Society of Engravers,Penhallow Insurance,Marrakech Film Festival,Talbot High School,Finch Motors,Drift Coffee,Yarrow Sports Club,
Tidal Foods Inc.,Greaves Solicitors,Polestead Council,Sixpence Stores,Nordlys Records,Alder Consulting Group,Cobalt Studios,Mistral Trading Co.""".replace('\n', '').split(',')
SCHOOLS = ['University of Thornleigh', 'Kettering Polytechnic', 'Uppsala University', 'Hadley College', 'Institute of Marine Studies', 'Technical University of Brno']


def world_name(r):
    _, a, b = r.choice(WORLD['names'])
    return r.choice([f'{a} {b}']*8 + [f'{a} {r.choice("ABCDEFGHJKLMRST")}. {b}', f'{b.upper()}, {a}'])


def world_lines(r): return [t for _ in range(1) for t in r.choice(WORLD['addresses'])[1]]


def wide_phone(r):
    n2, n3 = digits(r, 2), digits(r, 3)
    return r.choice([phone(r)]*3 + [f'+48 22 555 01 {n2}', f'+39 06 555 01{n2}', f'+91 22 5550 1{n3}', f'(11) 5555-01{n2}', f'+420 555 01{n2[0]} {n3}', f'00 31 20 555 01{n2}', f'1-800-555-01{n2}',
                                    f'5550 1{n3}', f'555-01{n2}', f'(08) 555 01{n3}', f'+47 22 55 50 1{n2[0]}', f'06 {n2} 55 50 1{n2[1]}'.replace('55 50 1', '555 01 ')])


def extended(r): return f'{wide_phone(r)}{r.choice([" ext. ", " ext ", " x", ", extension ", " Ext: "])}{digits(r, r.choice([2, 3, 4]))}'


def moment(r):
    y, m, d = r.randint(1988, 2026), r.randint(1, 12), r.randint(1, 28)
    return r.choice([f'{d} {MONTHS[m-1]} {y}', f'{MONTHS[m-1]} {d}, {y}', f'{MONTHS[m-1]} {y}', f'{y}-{m:02d}-{d:02d}', f'{m}/{d}/{y}', f'{d}.{m}.{y}', f'{MONTHS[m-1]} {d}', f'{y}'])


SERVICE_MAKE = MAKE | dict(
    PERSON=lambda r: r.choice([world_name, world_name, full])(r), FIRSTNAME=lambda r: r.choice([first(r), r.choice(WORLD['names'])[1], r.choice(WORLD['names'])[1]]),
    LASTNAME=lambda r: r.choice([last(r), r.choice(WORLD['names'])[2], r.choice(WORLD['names'])[2]]), PHONE_NUMBER=wide_phone, PHONE_EXT=extended,
    WORLD_ADDRESS=lambda r: ', '.join(world_lines(r)), WORLD_BLOCK=lambda r: '\n'.join(world_lines(r)), ZIP=lambda r: digits(r, 5) + r.choice(['', '', '-' + digits(r, 4)]),
    OTP=lambda r: digits(r, r.choice([4, 6, 6, 6])), CITY=lambda r: r.choice(CITIES), COUNTRY=lambda r: r.choice(COUNTRIES), NRP=lambda r: r.choice(PEOPLES),
    TITLE=lambda r: r.choice(TITLES), AGE=lambda r: str(r.randint(7, 96)), DATE=moment, STREET=lambda r: r.choice(WORLD['streets']), UNIVERSITY=lambda r: r.choice(SCHOOLS),
    ORGANIZATION=lambda r: r.choice([r.choice(WORLD['firms']), r.choice(BRANDS)]))
SERVICE_LABEL = LABEL | dict(PHONE_EXT='PHONE_NUMBER', WORLD_ADDRESS='STREET_ADDRESS', WORLD_BLOCK='STREET_ADDRESS', ZIP='POSTCODE', OTP='CARD_SECRET', CITY='LOCATION', COUNTRY='LOCATION',
                             DATE='DATE_TIME', STREET='STREET_ADDRESS', UNIVERSITY='ORGANIZATION')


def half_of(phrase): return HALVES[int(hashlib.sha256(phrase.encode()).hexdigest(), 16) % 2]


def fill_wide(r, t):
    t = t.replace('{LANGUAGE}', r.choice(['French', 'Polish', 'Italian'])).replace('§', '\n')
    return re.sub(r'\{(\w+)\}', lambda k: '{{%s:%s}}' % (SERVICE_LABEL.get(k[1], k[1]), SERVICE_MAKE[k[1]](r)), t)


def service(r):
    "Support messages of insurers, telephone companies, clinics and banks: clauses, bodies and look-alikes of one half in one text."
    rows = []
    for half in HALVES:
        clauses = [(f'{e}: {t}', t) for e, block in SERVICE.items() for t in block.split('\n') if half_of(t) == half]
        bodies, looks = ([t for t in some if half_of(t) == half] for some in (SERVICE_BODIES, SERVICE_LOOKALIKES))
        order = [c for _ in range(8) for c in r.sample(clauses, len(clauses))]
        for i in range(300):
            chosen = [order.pop() for _ in range(1 + (r.random() < .25))]
            parts = [fill_wide(r, t) for _, t in chosen] + [r.choice(bodies)]*(r.random() < .8) + ([fill_lookalike(r, r.choice(looks))] if r.random() < .4 else [])
            if r.random() < .7:
                r.shuffle(parts)
            text = r.choice([' ', ' ', ' ', '\n', '\n\n']).join(parts)
            if r.random() < .12:
                text = re.sub(r'(\{\{.*?\}\})|([^{]+)', lambda m: m[1] or m[2].lower(), text, flags=re.S)
            rows.append(dict(id=f'service-{half}-{i:04d}', half=half, kind='pii', templates=sorted({c[0] for c in chosen}), marked=text))
        for i in range(100):
            text = ' '.join([fill_lookalike(r, t) for t in r.sample(looks, r.choice([1, 1, 2]))] + [r.choice(bodies)])
            rows.append(dict(id=f'service-{half}-{i+300:04d}', half=half, kind='lookalike', templates=[], marked=text))
    return rows


def documents(r):
    "Letters, forms, chats and reports with every kind of entity, also those that the default policy keeps; six texts of each phrasing."
    return [dict(id=f'doc-{i:03d}-{n}', half=half_of(t), kind='document', templates=[t], marked=fill_wide(r, t)) for i, t in enumerate(DOCUMENTS) for n in range(6)]


def build():
    "All sets, by name."
    return {name: make(random.Random(seed)) for seed, (name, make) in
            enumerate(dict(bank=bank, obfuscated=obfuscated, lookalikes=lookalikes, addresses=addresses, languages=languages, probe=probe, service=service, documents=documents).items(), 41)}


def lines(rows): return ''.join(json.dumps(o, ensure_ascii=True) + '\n' for o in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='compare with the committed files instead of writing them')
    args, wrong = parser.parse_args(), []
    SETS.mkdir(parents=True, exist_ok=True)
    for name, rows in build().items():
        for half in HALVES:
            mine = [o for o in rows if o['half'] == half]
            path = SETS/f'{name}_{half}.jsonl'
            if not mine:
                continue
            if args.check:
                wrong += [path.name] if not path.is_file() or path.read_text() != lines(mine) else []
            else:
                path.write_text(lines(mine))
            print(f'{path.name}: {len(mine)} rows')
    if wrong:
        raise SystemExit(f'differ from the seed: {", ".join(wrong)}')


if __name__ == '__main__':
    main()
